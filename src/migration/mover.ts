import type { SlotSet } from '../core/slots.ts';
import type { StepContext } from '../ports/context.ts';
import type { Pace } from './pace.ts';
import type { Pair } from './pair.ts';
import type { Progress } from './progress.ts';
import type { ReceiverReplicas } from './receiver-replicas.ts';

export interface Work {
  readonly slots: SlotSet;
  readonly progress: Progress;
  /** Wait for them between two batches or jobs. */
  readonly replicas: ReceiverReplicas;
  readonly context: Pick<StepContext, 'clock' | 'tell' | 'stop' | 'hurry'>;
}

/**
 * One way to move slots from one side of a pair to the other; returns when both sides say that it is done.
 * May be killed anywhere and called again: it goes on from what the servers say. When `context.stop` is aborted it
 * reaches a state without open slots, then throws the signal's reason.
 */
export type Mover = (pair: Pair, work: Work) => Promise<void>;

/** The same, of which every step is as large as donor and receiver bear. */
export type PacedMover = (pair: Pair, work: Work & { readonly pace: Pace }) => Promise<void>;
