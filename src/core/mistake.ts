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

/** What is wrong, what was seen and what would be right, in sentences. */
export function mistakeWords({ message, value, expected }: Mistake): string {
  return `${message}${value === null ? '' : ` Seen: ${value}.`}${expected === '' ? '' : ` Expected: ${expected}.`}`;
}
