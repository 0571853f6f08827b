/** A pod that takes a seat in a shard. Seat 0 is the primary's. */
export interface Move {
  readonly shard: number;
  readonly seat: number;
  readonly pod: string;
}

export interface Costs {
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
  /** Full syncs so far. */
  readonly cost: number;
  readonly depth: number;
}

const LONGEST = 6;

/**
 * The exchange of replicas that relieves one crowded shard with the fewest full syncs: a cycle in which each pod takes the
 * next one's seat in another shard, the last one the first one's. No shard on the way may get more crowded. Shortest
 * paths by levels of cost (0-1 breadth-first search; the ejection chains of Glover 1992). Null when there is none.
 */
export function cheapestExchange(
  groups: readonly (readonly string[])[],
  crowded: number,
  costs: Costs,
): readonly Move[] | null {
  const group = groups[crowded] ?? [];
  const now = costs.crowding(group);
  const price = (pod: string): number => (costs.isBlank(pod) ? 0 : 1);
  const level: Visit[] = group
    .slice(1)
    .map((pod, i) => ({ shard: crowded, seat: i + 1, pod, from: null, cost: price(pod), depth: 1 }));
  const seen = new Set<string>();
  const queue: Visit[][] = [level.filter((visit) => visit.cost === 0), level.filter((visit) => visit.cost === 1)];
  for (let cost = 0; cost < queue.length; cost += 1) {
    for (let i = 0; i < (queue[cost]?.length ?? 0); i += 1) {
      const visit = queue[cost]?.[i];
      if (visit === undefined) break;
      const closing = close(visit, group, now, costs);
      if (closing !== null) return closing;
      if (visit.depth === LONGEST) continue;
      for (const next of neighbours(visit, groups, costs)) {
        const key = `${rootSeat(visit)}:${next.pod}`;
        if (seen.has(key) || next.shard === crowded) continue;
        seen.add(key);
        const total = visit.cost + price(next.pod);
        while (queue.length <= total) queue.push([]);
        queue[total]?.push({ ...next, from: visit, cost: total, depth: visit.depth + 1 });
      }
    }
  }
  return null;
}

/** Seats that the pod of a visit may take without crowding their shard more than now. */
function* neighbours(visit: Visit, groups: readonly (readonly string[])[], costs: Costs) {
  for (let shard = 0; shard < groups.length; shard += 1) {
    if (isOnPath(visit, shard)) continue;
    const group = groups[shard] ?? [];
    const now = costs.crowding(group);
    for (let seat = 1; seat < group.length; seat += 1) {
      if (costs.crowding(group.with(seat, visit.pod)) <= now) yield { shard, seat, pod: group[seat] ?? '' };
    }
  }
}

/** The moves of the cycle, when the last pod may take the first one's seat and that relieves the shard. */
function close(last: Visit, group: readonly string[], now: number, costs: Costs): readonly Move[] | null {
  if (last.from === null) return null;
  const path: Visit[] = [];
  for (let at: Visit | null = last; at !== null; at = at.from) path.unshift(at);
  const first = path[0];
  if (first === undefined || costs.crowding(group.with(first.seat, last.pod)) >= now) return null;
  return path.map((visit, i) => {
    const taker = i === 0 ? last : (path[i - 1] ?? last);
    return { shard: visit.shard, seat: visit.seat, pod: taker.pod };
  });
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
