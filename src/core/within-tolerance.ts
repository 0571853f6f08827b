import type { ShardWish } from './slot-flow.ts';
import { count, minus, NO_SLOTS, union } from './slots.ts';

/**
 * The same wishes with the sizes that the fewest slots have to move for: a shard that is close enough to its share stays as it is,
 * every other one gets just its share. What that leaves over goes to those that have most too little, and what is then missing comes
 * from those that have most too much, none beyond its share.
 * @param tolerance how far a shard may be from its share, as a part of the share
 */
export function withinTolerance(wishes: readonly ShardWish[], tolerance: number): readonly ShardWish[] {
  const pinned = union(...wishes.map((wish) => wish.exactly ?? NO_SLOTS));
  const sizes = wishes.map(({ owned, size, exactly }) => {
    const has = count(minus(owned, pinned));
    return exactly === null && Math.abs(has - size) <= tolerance * size ? has : size;
  });
  let over = wishes.reduce((sum, { size }, i) => sum + size - (sizes[i] ?? 0), 0);
  const short = wishes.map(({ size }, i) => ({ i, by: size - (sizes[i] ?? 0) }));
  for (const { i, by } of short.toSorted((a, b) => Math.sign(over) * (b.by - a.by) || a.i - b.i)) {
    if (by === 0 || Math.sign(by) !== Math.sign(over)) continue;
    const change = Math.sign(over) * Math.min(Math.abs(by), Math.abs(over));
    sizes[i] = (sizes[i] ?? 0) + change;
    over -= change;
  }
  return wishes.map((wish, i) => ({ ...wish, size: sizes[i] ?? 0 }));
}
