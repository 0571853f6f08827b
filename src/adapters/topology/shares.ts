import type { Mistake } from '../../core/mistake.ts';
import {
  ALL_SLOTS,
  count,
  intersect,
  isEmpty,
  minus,
  NO_SLOTS,
  parse,
  print,
  type SlotSet,
  union,
} from '../../core/slots.ts';
import type { Share } from '../../core/topology.ts';
import type { Places } from './places.ts';
import type { TopologyFile } from './schema.ts';

/** The declared shares, and what does not fit: slots that are none, that overlap, that nobody gets, or that are too few. */
export function sharesOf(
  shards: NonNullable<TopologyFile['shards']>,
  places: Places,
): { readonly shares: readonly Share[]; readonly mistakes: readonly Mistake[] } {
  if (typeof shards === 'number') {
    return { shares: Array.from({ length: shards }, (): Share => ({ kind: 'weight', weight: 1 })), mistakes: [] };
  }
  const mistakes: Mistake[] = [];
  let taken: SlotSet = NO_SLOTS;
  const shares = shards.map((shard, i): Share => {
    if ('weight' in shard) return { kind: 'weight', weight: shard.weight };
    const path = ['shards', i, 'slots'];
    const slots = parse(String(shard.slots));
    if (slots === null || isEmpty(slots)) {
      mistakes.push(
        places.atValue(path, 'This is no list of slots.', 'numbers and ranges from 0 to 16383, such as 0-99,200'),
      );
      return { kind: 'slots', slots: NO_SLOTS };
    }
    const twice = intersect(slots, taken);
    if (!isEmpty(twice)) {
      mistakes.push(places.atValue(path, `Slots ${print(twice)} are given to an earlier shard too.`, 'each slot once'));
    }
    taken = union(taken, slots);
    return { kind: 'slots', slots };
  });
  if (mistakes.length > 0) return { shares, mistakes };
  const left = minus(ALL_SLOTS, taken);
  const weighted = shares.filter((share) => share.kind === 'weight').length;
  if (weighted === 0 && !isEmpty(left)) {
    mistakes.push(
      places.atValue(
        ['shards'],
        `No shard gets slots ${print(left)}.`,
        'all slots, or one shard with a weight for the rest',
      ),
    );
  }
  if (weighted > count(left)) {
    const text = `${weighted} shards with weights are to share ${count(left)} slots.`;
    mistakes.push(places.atValue(['shards'], text, 'at least one slot for each shard'));
  }
  return { shares, mistakes };
}
