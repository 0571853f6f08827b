/** What happens while a plan is carried out. Reports make log lines and comments of it. */
export type Event =
  | { readonly kind: 'waiting'; readonly for: string; readonly seen: string; readonly secondsLeft: number }
  | { readonly kind: 'done'; readonly text: string }
  | { readonly kind: 'verified'; readonly text: string }
  | { readonly kind: 'note'; readonly text: string }
  | ({ readonly kind: 'moving' } & MoveProgress)
  | Slowed;

export interface MoveProgress {
  readonly from: string;
  readonly to: string;
  readonly slotsDone: number;
  readonly slots: number;
  readonly keysDone: number;
  /** Null until they are counted. */
  readonly keys: number | null;
  /** By what a key of the donor takes on average; 0 where that is not known. */
  readonly bytesDone: number;
  /** Milliseconds since this move began. */
  readonly elapsed: number;
}

/** Slots move slower, because a server answers late. Times in milliseconds. */
export interface Slowed {
  readonly kind: 'slowed';
  readonly pod: string;
  /** What PING took now. */
  readonly latency: number;
  /** What PING took before anything moved. */
  readonly atRest: number;
  /** `migration.maxLatency`. */
  readonly limit: number;
  /** The part of the full speed at which it goes on. */
  readonly speed: number;
}

export type Tell = (event: Event) => void;
