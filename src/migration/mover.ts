import type { SlotSet } from '../core/slots.ts';
import type { StepContext } from '../ports/context.ts';
import type { Pace } from './pace.ts';
import type { Pair } from './pair.ts';
import type { Progress } from './progress.ts';
import type { ReceiverReplicas } from './receiver-replicas.ts';

/** What a move has begun. Kept while connections are lost, unlike all else that it knows. */
export interface Begun {
  /** The ids of its jobs: no other one is cancelled. */
  readonly jobs: Set<string>;
  /** Slots that it marks at the receiver and has not looked into: no client is sent there yet, and keys in them are leftovers. */
  readonly unseen: Set<number>;
}

export interface Work {
  readonly slots: SlotSet;
  readonly progress: Progress;
  readonly begun: Begun;
  /** Wait for them between two batches or jobs. */
  readonly replicas: ReceiverReplicas;
  readonly context: Pick<StepContext, 'clock' | 'tell' | 'stop' | 'hurry'>;
}

/**
 * One way to move slots from one side of a pair to the other; returns when both sides say that it is done.
 * May be killed anywhere and called again: it goes on from what the servers say. When `context.stop` is aborted, and when it
 * fails, it leaves what it has opened in order (`leaveInOrder`) before it throws the signal's reason, or the failure.
 */
export type Mover = (pair: Pair, work: Work) => Promise<void>;

/** The same, of which every step is as large as donor and receiver bear. */
export type PacedMover = (pair: Pair, work: Work & { readonly pace: Pace }) => Promise<void>;
