import type { Chance } from '../chance.ts';

/** A command in words, its name in capitals: the client library reshapes some answers of names in small letters. */
export type Words = readonly [string, ...(string | number | Buffer)[]];

/** What a client sends at once: one command, or several as a transaction. */
export interface Write {
  readonly words: readonly Words[];
  /** Sent by another client just before, which waits in it for what `words` push. */
  readonly waits?: Words;
  /** What a server that is to hold the same has to do, by the answer; by default just the same, and to answer so, too. */
  readonly copied?: (answer: unknown) => readonly Words[];
}

/** Keys of one writer in one slot. */
export interface Keys {
  readonly chance: Chance;
  /** One of three keys of this kind. */
  key(kind: string): string;
  /** Grows by one each time: ids of streams only grow. */
  nextId(): number;
  /** The last one given. */
  lastId(): number;
  /** A value as DUMP gives it. */
  readonly dumped: Buffer;
}

export type Kinds = Readonly<Record<string, (keys: Keys) => Write>>;

/** Far enough that no key expires while it is looked at. */
export const HOUR = 3_600;
export const FAR = 4_102_444_800;

export function write(...words: Words): Write {
  return { words: [words] };
}

export function text(chance: Chance): string {
  return `value ${chance.between(0, 1e9).toString(36)}`;
}
