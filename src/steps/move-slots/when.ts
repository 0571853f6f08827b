import { byOrdinal, type Cluster, slotOwners } from '../../core/cluster.ts';
import { count, isEmpty, minus, print, type SlotRange, type SlotSet, slotSet, takeHighest } from '../../core/slots.ts';
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

/** By donor, then by receiver. */
function pairsOf(now: Cluster, { layout }: Target): readonly Pair[] {
  const present = Present.in(now);
  const homes = new Map(layout.shards.map((shard) => [present.holder(shard), shard.slots]));
  const pieces = Array.from(homes)
    .filter(([pod]) => present.isPrimary(pod))
    .flatMap(([pod, slots]) => slots.map((range) => ({ pod, range })))
    .toSorted((a, b) => a.range[0] - b.range[0]);
  return slotOwners(now).flatMap(({ pod, slots }) => {
    const leaving = minus(slots, homes.get(pod) ?? []);
    const byHome = Map.groupBy(cut(leaving, pieces), (piece) => piece.pod);
    const pairs = Array.from(byHome, ([to, all]) => ({ from: pod, to, slots: slotSet(all.map(({ range }) => range)) }));
    return pairs.toSorted((a, b) => byOrdinal(a.to, b.to));
  });
}

interface Piece {
  readonly pod: string;
  readonly range: SlotRange;
}

/** The slots by where they belong. One walk along both, for 500 owners make 250,000 pairs. */
function cut(slots: SlotSet, pieces: readonly Piece[]): readonly Piece[] {
  const parts: Piece[] = [];
  let at = 0;
  for (const [first, last] of slots) {
    while (at < pieces.length && (pieces[at]?.range[1] ?? 0) < first) at += 1;
    for (let i = at; i < pieces.length; i += 1) {
      const piece = pieces[i];
      if (piece === undefined || piece.range[0] > last) break;
      parts.push({ pod: piece.pod, range: [Math.max(first, piece.range[0]), Math.min(last, piece.range[1])] });
    }
  }
  return parts;
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
