import {
  ALL_SLOTS,
  contains,
  count,
  isEmpty,
  minus,
  NO_SLOTS,
  type SlotRange,
  type SlotSet,
  takeHighest,
  takeLowest,
  union,
} from './slots.ts';

/** One shard of the target, before it has its slots. */
export interface ShardWish {
  readonly owned: SlotSet;
  readonly size: number;
  /** Exactly these slots; null: any, as many as `size`. */
  readonly exactly: SlotSet | null;
}

/**
 * The slots that each shard is to own, with the fewest slots moved: a shard that holds too many gives just the surplus,
 * and nothing that may stay moves. Ranges stay whole where that costs nothing: small fragments are given first, and a
 * receiver preferably gets what lies beside its own, so that growing and shrinking back restores the ranges.
 * @param wishes in the order of the primaries' ordinals; sizes sum up to 16,384
 */
export function flow(wishes: readonly ShardWish[]): readonly SlotSet[] {
  const pinned = union(...wishes.map((wish) => wish.exactly ?? NO_SLOTS));
  const kept = wishes.map((wish) => wish.exactly ?? keep(minus(wish.owned, pinned), wish.size));
  let pool = minus(ALL_SLOTS, union(...kept));
  const target = [...kept];
  const missing = (i: number): number => (wishes[i]?.size ?? 0) - count(target[i] ?? NO_SLOTS);
  const give = (i: number, slots: SlotSet): void => {
    if (isEmpty(slots)) return;
    target[i] = union(target[i] ?? NO_SLOTS, slots);
    pool = minus(pool, slots);
  };
  const receivers = wishes.flatMap((wish, i) => (wish.exactly === null && missing(i) > 0 ? [i] : []));
  for (const i of receivers) {
    for (const range of pool) give(i, beside(range, target[i] ?? NO_SLOTS, missing(i)));
  }
  for (const i of receivers) give(i, fill(pool, missing(i)));
  return target;
}

/** What a shard keeps of its slots: all, or all but the surplus, small fragments leaving first and then the lowest slots. */
function keep(owned: SlotSet, size: number): SlotSet {
  let surplus = count(owned) - size;
  let left = owned;
  for (const range of owned.toSorted((a, b) => length(a) - length(b) || a[0] - b[0])) {
    if (surplus <= 0 || length(range) > surplus) break;
    left = minus(left, [range]);
    surplus -= length(range);
  }
  return surplus > 0 ? minus(left, takeLowest(left, surplus)) : left;
}

/** As much of the range as is missing, from the end that touches what the shard has; nothing where neither does. */
function beside(range: SlotRange, own: SlotSet, missing: number): SlotSet {
  if (missing <= 0) return NO_SLOTS;
  if (contains(own, range[0] - 1)) return takeLowest([range], missing);
  if (contains(own, range[1] + 1)) return takeHighest([range], missing);
  return NO_SLOTS;
}

/** The lowest slots, but a range that just fits is better than a piece of a larger one. */
function fill(pool: SlotSet, missing: number): SlotSet {
  const fitting = pool.find((range) => length(range) === missing);
  return fitting === undefined ? takeLowest(pool, missing) : [fitting];
}

function length([first, last]: SlotRange): number {
  return last - first + 1;
}
