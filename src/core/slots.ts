/** Sets of hash slots as sorted, disjoint, non-adjacent inclusive ranges. Values: no function changes its argument. */

export const SLOT_COUNT = 16_384;

/** First and last slot, both included. */
export type SlotRange = readonly [first: number, last: number];

export type SlotSet = readonly SlotRange[];

export const NO_SLOTS: SlotSet = [];

export const ALL_SLOTS: SlotSet = [[0, SLOT_COUNT - 1]];

/** Any ranges, in any order, overlapping or not, as one normal set. */
export function slotSet(ranges: Iterable<SlotRange>): SlotSet {
  const sorted = [...ranges].toSorted((a, b) => a[0] - b[0]);
  const merged: [number, number][] = [];
  for (const [first, last] of sorted) {
    const previous = merged.at(-1);
    if (previous !== undefined && first <= previous[1] + 1) {
      previous[1] = Math.max(previous[1], last);
    } else {
      merged.push([first, last]);
    }
  }
  return merged;
}

/** Single slots as a set. */
export function slotsOfNumbers(slots: Iterable<number>): SlotSet {
  return slotSet(Array.from(slots, (slot): SlotRange => [slot, slot]));
}

export function count(set: SlotSet): number {
  return set.reduce((sum, [first, last]) => sum + last - first + 1, 0);
}

export function isEmpty(set: SlotSet): boolean {
  return set.length === 0;
}

export function contains(set: SlotSet, slot: number): boolean {
  return set.some(([first, last]) => first <= slot && slot <= last);
}

export function union(...sets: readonly SlotSet[]): SlotSet {
  return slotSet(sets.flat());
}

/** The slots of `a` that are not in `b`. */
export function minus(a: SlotSet, b: SlotSet): SlotSet {
  const left: SlotRange[] = [];
  let j = 0;
  for (const [first, last] of a) {
    let from = first;
    while (j < b.length && (b[j]?.[1] ?? 0) < from) j += 1;
    for (let k = j; k < b.length && from <= last; k += 1) {
      const [cutFirst, cutLast] = b[k] ?? [SLOT_COUNT, SLOT_COUNT];
      if (cutFirst > last) break;
      if (cutFirst > from) left.push([from, cutFirst - 1]);
      from = Math.max(from, cutLast + 1);
    }
    if (from <= last) left.push([from, last]);
  }
  return left;
}

export function intersect(a: SlotSet, b: SlotSet): SlotSet {
  return minus(a, minus(a, b));
}

export function equals(a: SlotSet, b: SlotSet): boolean {
  return a.length === b.length && a.every(([first, last], i) => first === b[i]?.[0] && last === b[i]?.[1]);
}

/** The lowest `n` slots of the set (all of them when it has fewer). */
export function takeLowest(set: SlotSet, n: number): SlotSet {
  const taken: SlotRange[] = [];
  let left = n;
  for (const [first, last] of set) {
    if (left <= 0) break;
    const end = Math.min(last, first + left - 1);
    taken.push([first, end]);
    left -= end - first + 1;
  }
  return taken;
}

/** The highest `n` slots of the set (all of them when it has fewer). */
export function takeHighest(set: SlotSet, n: number): SlotSet {
  return minus(set, takeLowest(set, Math.max(0, count(set) - n)));
}

/** Every slot of the set, ascending. */
export function* each(set: SlotSet): Generator<number> {
  for (const [first, last] of set) {
    for (let slot = first; slot <= last; slot += 1) yield slot;
  }
}

/** `0-99,200`; the empty set is the empty text. */
export function print(set: SlotSet): string {
  return set.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(',');
}

/** Reads what `print` writes (spaces allowed). Null where the text is not such a list or names a slot over 16383. */
export function parse(text: string): SlotSet | null {
  if (text.trim() === '') return NO_SLOTS;
  const ranges: SlotRange[] = [];
  for (const part of text.split(',')) {
    const match = /^\s*(\d{1,5})\s*(?:-\s*(\d{1,5})\s*)?$/.exec(part);
    if (match === null) return null;
    const first = Number(match[1]);
    const last = match[2] === undefined ? first : Number(match[2]);
    if (first > last || last >= SLOT_COUNT) return null;
    ranges.push([first, last]);
  }
  return slotSet(ranges);
}
