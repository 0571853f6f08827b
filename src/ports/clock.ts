/** Time comes in from outside, so that everything else can be tested without it. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Rejects with the signal's reason when aborted. */
  sleep(milliseconds: number, options: { signal: AbortSignal }): Promise<void>;
}
