/** One mistake in a file, with its place. Lines and columns count from 1. */
export interface Mistake {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** What is wrong, as a sentence. */
  readonly message: string;
  /** The offending value as it stands there, cut; null where there is none. */
  readonly value: string | null;
  /** What would be right; empty where the message says it. */
  readonly expected: string;
}
