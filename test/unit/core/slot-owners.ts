import { array, integer, record } from 'fast-check';
import type { ShardWish } from '../../../src/core/slot-flow.ts';
import { NO_SLOTS, parse, SLOT_COUNT, type SlotSet, slotSet, union } from '../../../src/core/slots.ts';

/** All slots dealt to up to five owners in pieces. */
export const anyOwners = array(record({ owner: integer({ min: 0, max: 4 }), length: integer({ min: 1, max: 4000 }) }), {
  minLength: 1,
  maxLength: 12,
}).map((pieces): readonly SlotSet[] => {
  const owned = Array.from({ length: 5 }, (): SlotSet => NO_SLOTS);
  let first = 0;
  for (const { owner, length } of pieces) {
    const last = Math.min(SLOT_COUNT - 1, first + length - 1);
    if (first <= last) owned[owner] = union(owned[owner] ?? NO_SLOTS, slotSet([[first, last]]));
    first = last + 1;
  }
  if (first < SLOT_COUNT) owned[0] = union(owned[0] ?? NO_SLOTS, [[first, SLOT_COUNT - 1]]);
  return owned;
});

export function wish(owned: SlotSet, size: number): ShardWish {
  return { owned, size, exactly: null };
}

export function slotsOf(text: string): SlotSet {
  const slots = parse(text);
  if (slots === null) throw new Error(`"${text}" is no list of slots.`);
  return slots;
}
