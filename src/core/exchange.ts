import { type Crowding, Takers } from './takers.ts';

/** A pod that takes a seat in a shard. Seat 0 is the primary's. */
interface Move {
  readonly shard: number;
  readonly seat: number;
  readonly pod: string;
}

export interface Costs extends Crowding {
  /** How badly pods crowd each other when they form one shard. */
  crowding(pods: readonly string[]): number;
  /** Whether a pod has nothing to lose: it copies a shard's data anyway. */
  isBlank(pod: string): boolean;
}

/** One replica's seat, and how the search came to it. */
interface Visit {
  readonly shard: number;
  readonly seat: number;
  readonly pod: string;
  readonly from: Visit | null;
  /** How far each kind of pods is from one that relieves the seat where this began. */
  readonly distances: ReadonlyMap<number, number>;
  /** Full syncs so far. */
  readonly cost: number;
  readonly depth: number;
}

const LONGEST = 6;

/** Exchanges replicas as long as a crowded shard gets better by it and no other gets worse. */
export function mend(groups: string[][], costs: Costs): void {
  const isCrowded = (group: readonly string[]): boolean => costs.crowding(group) > 0;
  if (!groups.some(isCrowded)) return;
  const takers = new Takers(groups, costs);
  // The most crowded first: what relieves them is not spent on others then.
  for (const [crowded, group] of Array.from(groups.entries()).toSorted(
    ([, a], [, b]) => costs.crowding(b) - costs.crowding(a),
  )) {
    for (let improved = true; improved && isCrowded(group); ) {
      takers.leave(crowded);
      const exchange = cheapestExchange(groups, crowded, takers, costs);
      const others = (exchange ?? []).map(({ shard }) => shard).filter((shard) => shard !== crowded);
      for (const shard of others) takers.leave(shard);
      for (const { shard, seat, pod } of exchange ?? []) groups[shard]?.splice(seat, 1, pod);
      for (const shard of [crowded, ...others]) takers.enter(shard);
      improved = exchange !== null;
    }
  }
}

/**
 * The exchange of replicas that relieves one crowded shard with the fewest full syncs: a cycle in which each pod takes the
 * next one's seat in another shard, the last one the first one's. No shard on the way may get more crowded. Shortest
 * paths by levels of cost (0-1 breadth-first search; the ejection chains of Glover 1992), along kinds of pods from which a
 * way leads back at all. Null when there is none.
 */
function cheapestExchange(
  groups: readonly (readonly string[])[],
  crowded: number,
  takers: Takers,
  costs: Costs,
): readonly Move[] | null {
  const price = (pod: string): number => (costs.isBlank(pod) ? 0 : 1);
  const left = (visit: Visit): number =>
    costs.crowdingWith(groups[crowded]?.toSpliced(rootSeat(visit), 1) ?? [], visit.pod);
  const seen = new Set<string>();
  const queue: Visit[][] = [[], []];
  const enqueue = (visit: Visit): void => {
    while (queue.length <= visit.cost) queue.push([]);
    if (visit.depth + toGo(visit, takers) <= LONGEST) queue[visit.cost]?.push(visit);
  };
  for (const [i, pod] of (groups[crowded] ?? []).slice(1).entries()) {
    const distances = takers.distances(crowded, i + 1, LONGEST);
    enqueue({ shard: crowded, seat: i + 1, pod, from: null, distances, cost: price(pod), depth: 1 });
  }
  for (let cost = 0; cost < queue.length; cost += 1) {
    // Before the others of the level lead on: none of their ways is cheaper. Of equals the one that relieves most.
    const closing = (queue[cost] ?? []).filter((visit) => toGo(visit, takers) === 0);
    const [best] = closing.toSorted((a, b) => left(a) - left(b));
    if (best !== undefined) return cycleOf(best);
    for (let i = 0; i < (queue[cost]?.length ?? 0); i += 1) {
      const visit = queue[cost]?.[i];
      if (visit === undefined) break;
      if (toGo(visit, takers) === 0) return cycleOf(visit);
      for (const next of neighbours(visit, groups, takers)) {
        const key = `${rootSeat(visit)}:${next.pod}`;
        if (seen.has(key)) continue;
        seen.add(key);
        const total = visit.cost + price(next.pod);
        enqueue({ ...next, from: visit, distances: visit.distances, cost: total, depth: visit.depth + 1 });
      }
    }
  }
  return null;
}

/** At least so many more seats until a pod takes the first one. */
function toGo({ distances, pod }: Visit, takers: Takers): number {
  return distances.get(takers.kind(pod)) ?? Number.POSITIVE_INFINITY;
}

/** Seats that the pod of a visit may take without crowding their shard more than now. */
function* neighbours(visit: Visit, groups: readonly (readonly string[])[], takers: Takers) {
  for (const [shard, group] of groups.entries()) {
    if (isOnPath(visit, shard)) continue;
    for (let seat = 1; seat < group.length; seat += 1) {
      if (takers.may(visit.pod, shard, seat)) yield { shard, seat, pod: group[seat] ?? '' };
    }
  }
}

/** The moves when the last pod takes the first one's seat. */
function cycleOf(last: Visit): readonly Move[] {
  const path: Visit[] = [];
  for (let at: Visit | null = last; at !== null; at = at.from) path.unshift(at);
  return path.map(({ shard, seat }, i) => ({ shard, seat, pod: (path[i - 1] ?? last).pod }));
}

function isOnPath(visit: Visit, shard: number): boolean {
  for (let at: Visit | null = visit; at !== null; at = at.from) if (at.shard === shard) return true;
  return false;
}

function rootSeat(visit: Visit): number {
  let at = visit;
  while (at.from !== null) at = at.from;
  return at.seat;
}
