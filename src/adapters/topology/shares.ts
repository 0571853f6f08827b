import { z } from 'zod';
import type { Mistake } from '../../core/mistake.ts';
import { shareSizes } from '../../core/shares.ts';
import {
  ALL_SLOTS,
  count,
  intersect,
  isEmpty,
  minus,
  NO_SLOTS,
  print,
  SLOT_COUNT,
  type SlotRange,
  type SlotSet,
  slotSet,
  union,
} from '../../core/slots.ts';
import type { Share } from '../../core/topology.ts';
import { counted } from '../../core/wording.ts';
import type { Places } from './places.ts';
import { Replicas, Shard, ShardCount, State } from './schema.ts';

/** The parts that must fit each other. What has a mistake of its own is null, so that the rest is looked at all the same. */
const Parts = z.object({
  state: State.default('present').catch('absent'),
  shards: z
    .union([ShardCount, z.array(Shard.nullable().catch(null)).min(1)])
    .nullable()
    .optional()
    .catch(null),
  replicasPerShard: Replicas.default(1).nullable().catch(null),
});

/** Redis Cluster's own bound. */
const MOST_PODS = 1_000;

export interface Fitted {
  readonly shares: readonly Share[];
  readonly mistakes: readonly Mistake[];
}

/**
 * The declared shares, and what does not fit: slots that are none, that overlap, that nobody gets, or that are too few;
 * and more pods than a cluster may have.
 * @param value the whole file, which may have other mistakes
 */
export function fitShares(value: unknown, places: Places): Fitted {
  const parts = Parts.safeParse(value).data;
  if (parts === undefined || parts.shards === null) return { shares: [], mistakes: [] };
  const { shards, state, replicasPerShard } = parts;
  if (shards === undefined) return { shares: [], mistakes: state === 'present' ? [missing(places)] : [] };
  const fitted = typeof shards === 'number' ? { shares: equalShares(shards), mistakes: [] } : sharesIn(shards, places);
  const pods = (typeof shards === 'number' ? shards : shards.length) * (1 + (replicasPerShard ?? 0));
  return pods > MOST_PODS ? { ...fitted, mistakes: [...fitted.mistakes, tooManyPods(pods, places)] } : fitted;
}

function missing(places: Places): Mistake {
  return places.atValue(['shards'], '`shards` is missing.', 'a number of shards, such as `shards: 3`');
}

function tooManyPods(pods: number, places: Places): Mistake {
  const text = `The cluster would have ${counted(pods, 'pod')}.`;
  return places.atValue(
    ['shards'],
    text,
    'at most 1,000 (shards × (1 + replicasPerShard)), the bound of Redis Cluster',
  );
}

function equalShares(shards: number): readonly Share[] {
  return Array.from({ length: shards }, (): Share => ({ kind: 'weight', weight: 1 }));
}

function sharesIn(shards: readonly (z.output<typeof Shard> | null)[], places: Places): Fitted {
  const mistakes: Mistake[] = [];
  const owners = new Map<number, SlotSet>();
  const shares = shards.map((shard, i): Share | null => {
    if (shard?.weight !== undefined) return { kind: 'weight', weight: shard.weight };
    if (shard?.slots === undefined) return null;
    const path = ['shards', i, 'slots'];
    const read = readSlots(String(shard.slots));
    if (typeof read === 'string') {
      mistakes.push(places.atValue(path, read, 'numbers and ranges from 0 to 16383, such as 0-99,200'));
      return null;
    }
    for (const [other, slots] of owners) {
      const both = intersect(read, slots);
      if (isEmpty(both)) continue;
      mistakes.push(places.atValue(path, `\`shards[${other}]\` has slots ${print(both)} too.`, 'each slot once'));
    }
    owners.set(i, read);
    return { kind: 'slots', slots: read };
  });
  const known = shares.filter((share) => share !== null);
  // What a wrong shard was meant to have nobody knows, so neither what is left.
  if (known.length < shares.length) return { shares: [], mistakes };
  return { shares: known, mistakes: [...mistakes, ...leftOver(known, places)] };
}

/** The slots, or what is wrong with the text. */
function readSlots(text: string): SlotSet | string {
  const ranges: SlotRange[] = [];
  for (const part of text.split(',')) {
    const [, from, to = from] = /^\s*(\d+)\s*(?:-\s*(\d+)\s*)?$/.exec(part) ?? [];
    if (from === undefined) return `"${part.trim().slice(0, 20)}" is no slot and no range of slots.`;
    const [first, last] = [Number(from), Number(to)];
    if (Math.max(first, last) >= SLOT_COUNT) return `Slot ${Math.max(first, last)} is over 16383.`;
    if (first > last) return `The range ${first}-${last} ends before it begins.`;
    const twice = intersect([[first, last]], slotSet(ranges));
    if (!isEmpty(twice)) return `Slots ${print(twice)} stand here twice.`;
    ranges.push([first, last]);
  }
  return slotSet(ranges);
}

function leftOver(shares: readonly Share[], places: Places): readonly Mistake[] {
  const taken = union(...shares.map((share) => (share.kind === 'slots' ? share.slots : NO_SLOTS)));
  const left = minus(ALL_SLOTS, taken);
  const weighted = shares.filter((share) => share.kind === 'weight').length;
  if (weighted === 0) {
    if (isEmpty(left)) return [];
    const text = `No shard gets slots ${print(left)}.`;
    return [places.atValue(['shards'], text, 'all slots, or one shard with a weight for the rest')];
  }
  if (weighted > count(left)) {
    const text = isEmpty(left)
      ? 'No slots are left for the shards with a weight.'
      : `${weighted} shards with a weight are to share ${count(left)} slots.`;
    return [places.atValue(['shards'], text, 'at least one slot for each shard')];
  }
  const sizes = shareSizes(shares);
  return shares.flatMap((share, i) =>
    share.kind === 'slots' || sizes[i] !== 0
      ? []
      : places.atValue(
          ['shards', i, 'weight'],
          `\`shards[${i}]\` gets no slot.`,
          'a weight that comes to a slot or more',
        ),
  );
}
