import { count, SLOT_COUNT } from './slots.ts';
import type { Share } from './topology.ts';

/**
 * How many slots each declared share is to hold, in the order declared; the sum is 16,384. Explicit slots count as they
 * are; the rest goes by weight, rounded by largest remainder (Hamilton's method), equal remainders to the earlier share.
 */
export function shareSizes(shares: readonly Share[]): readonly number[] {
  const fixed = shares.reduce((sum, share) => sum + (share.kind === 'slots' ? count(share.slots) : 0), 0);
  const weights = shares.reduce((sum, share) => sum + (share.kind === 'weight' ? share.weight : 0), 0);
  const left = SLOT_COUNT - fixed;
  const exact = shares.map((share) =>
    share.kind === 'slots' ? count(share.slots) : weights === 0 ? 0 : (left * share.weight) / weights,
  );
  const sizes = exact.map(Math.floor);
  const byRemainder = exact
    .map((size, index) => ({ index, remainder: size - Math.floor(size) }))
    .filter(({ index }) => shares[index]?.kind === 'weight')
    .toSorted((a, b) => b.remainder - a.remainder || a.index - b.index);
  const over = SLOT_COUNT - sizes.reduce((sum, size) => sum + size, 0);
  for (const { index } of byRemainder.slice(0, over)) sizes[index] = (sizes[index] ?? 0) + 1;
  return sizes;
}
