import { byOrdinal, type Cluster, slotOwners } from '../../core/cluster.ts';
import {
  count,
  each,
  isEmpty,
  minus,
  print,
  SLOT_COUNT,
  type SlotSet,
  slotsOfNumbers,
  takeHighest,
} from '../../core/slots.ts';
import type { Target, When } from '../kind.ts';
import { Present } from '../present.ts';
import type { MoveSlots } from './shape.ts';

interface Pair {
  readonly from: string;
  readonly to: string;
  readonly slots: SlotSet;
}

/**
 * The next wave of moves: from each owner the slots that the layout gives to another primary, straight there. No node gives
 * and gets in one wave: two that MIGRATE to each other block both. Most plans have one wave; explicit slots may need more.
 *
 * Algorithm: go through the pairs by ordinals and take each whose donor gets nothing and whose receiver gives nothing in
 * this wave. A donor that is to get slots, too, and would be left with none in between waits until it has got them: a
 * primary without slots may turn into a replica by itself. Where all wait for each other, the first keeps its highest slot
 * for now.
 */
export const whenOwnedElsewhere: When<MoveSlots> = (now, target) => {
  const pairs = pairsOf(now, target);
  const given = Map.groupBy(pairs, (pair) => pair.from);
  const getting = new Set(pairs.map((pair) => pair.to));
  const emptied = new Set(
    slotOwners(now)
      .filter(({ pod, slots }) => getting.has(pod) && isEmpty(minus(slots, slotsOf(given.get(pod) ?? []))))
      .map((owner) => owner.pod),
  );
  const wave = waveOf(pairs.filter((pair) => !emptied.has(pair.from)));
  if (wave.length > 0) return wave.map(moveOf);
  const [first] = pairs;
  return first === undefined
    ? []
    : [moveOf(keepingOne(first, now.members.find(({ pod }) => pod === first.from)?.slots))];
};

/** By donor, then by receiver. Each slot is looked up once, for 500 owners make 250,000 pairs. */
function pairsOf(now: Cluster, { layout }: Target): readonly Pair[] {
  const present = new Present(now);
  const homes = Array.from({ length: SLOT_COUNT }, (): string | null => null);
  for (const shard of layout.shards) {
    const pod = present.holder(shard);
    if (!present.isPrimary(pod)) continue;
    for (const slot of each(shard.slots)) homes[slot] = pod;
  }
  return slotOwners(now).flatMap((owner) => {
    const byHome = Map.groupBy(each(owner.slots), (slot) => homes[slot] ?? owner.pod);
    byHome.delete(owner.pod);
    const pairs = Array.from(byHome, ([to, slots]) => ({ from: owner.pod, to, slots: slotsOfNumbers(slots) }));
    return pairs.toSorted((a, b) => byOrdinal(a.to, b.to));
  });
}

function slotsOf(pairs: readonly Pair[]): SlotSet {
  return pairs.flatMap((pair) => pair.slots).toSorted((a, b) => a[0] - b[0]);
}

function waveOf(pairs: readonly Pair[]): readonly Pair[] {
  const donors = new Set<string>();
  const receivers = new Set<string>();
  return pairs.filter(({ from, to }) => {
    if (receivers.has(from) || donors.has(to)) return false;
    donors.add(from);
    receivers.add(to);
    return true;
  });
}

function keepingOne(pair: Pair, owned: SlotSet = []): Pair {
  const rest = minus(pair.slots, takeHighest(pair.slots, 1));
  return isEmpty(minus(owned, pair.slots)) && !isEmpty(rest) ? { ...pair, slots: rest } : pair;
}

function moveOf({ from, to, slots }: Pair): MoveSlots {
  return { kind: 'move-slots', from, to, slots: print(slots), count: count(slots) };
}
