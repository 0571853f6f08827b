import type { Failure } from './failure.ts';

/** What happens while a plan is carried out. Reports make log lines and comments of it. */
export type Event =
  | { readonly kind: 'waiting'; readonly for: string; readonly seen: string; readonly secondsLeft: number }
  | { readonly kind: 'done'; readonly text: string }
  | { readonly kind: 'verified'; readonly text: string }
  | { readonly kind: 'note'; readonly text: string }
  | ({ readonly kind: 'moving' } & MoveProgress)
  | { readonly kind: 'slowed'; readonly pod: string; readonly latency: number; readonly limit: number }
  | { readonly kind: 'failed'; readonly failure: Failure };

export interface MoveProgress {
  readonly from: string;
  readonly to: string;
  readonly slotsDone: number;
  readonly slots: number;
  readonly keysDone: number;
  /** Null until they are counted. */
  readonly keys: number | null;
  /** Milliseconds since this move began. */
  readonly elapsed: number;
}

export type Tell = (event: Event) => void;
