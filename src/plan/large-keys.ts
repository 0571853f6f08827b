import type { Danger } from './plan.ts';

/** A key as it may be shown: its name is the user's own, its slot says enough to find it. */
export interface LargeKey {
  readonly pod: string;
  readonly slot: number;
  /** As MEMORY USAGE has it. */
  readonly bytes: number;
}

/** From here on a key is told of: the servers stand still for some tens of milliseconds while it moves. */
export const LARGE = 8 * 1024 * 1024;

/** A payload must fit into `proto-max-bulk-len` of the receiver, 512 MB where nobody changed it. */
const TOO_LARGE = 512 * 1024 * 1024;

/** Measured: a hash of 64 MB stops both servers for 1.2 s, a string of 100 MB for 0.33 s; the slower one counts. */
const BYTES_PER_SECOND = 53_000_000;

/** How many are named. */
const MOST_NAMED = 5;

/** The largest first. Found by a sample: there may be more of them. */
export function largeKeyDangers(keys: readonly LargeKey[]): readonly Danger[] {
  const large = keys.filter(({ bytes }) => bytes >= LARGE).toSorted((a, b) => b.bytes - a.bytes || a.slot - b.slot);
  return large.slice(0, MOST_NAMED).map(({ pod, slot, bytes }) => {
    const key = `A key of ${Math.round(bytes / 1_000_000)} MB in slot ${slot} of ${pod}`;
    const effect =
      bytes > TOO_LARGE
        ? 'may be too large to move: `proto-max-bulk-len` of the receiver has to exceed it.'
        : `holds donor and receiver up for about ${Math.max(0.1, bytes / BYTES_PER_SECOND).toFixed(1)} s while it moves.`;
    return { code: 'large-key', text: `${key} ${effect}`, needs: null };
  });
}
