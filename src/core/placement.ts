import { byOrdinal } from './cluster.ts';
import { type Costs, mend } from './exchange.ts';
import type { Crowd } from './layout.ts';

/** A pod that is to serve some shard. */
export interface Candidate {
  readonly pod: string;
  /** Label → value of the pod's Kubernetes node; empty while it is not scheduled. */
  readonly domains: Readonly<Record<string, string>>;
  /** Holds no data that a change of role would throw away. */
  readonly blank: boolean;
  /** The primary that it replicates now. */
  readonly replicates: string | null;
}

/** One shard as it is now, reduced to the pods that stay. */
export interface Seats {
  /** Null where the present primary's pod leaves, and for new shards. */
  readonly primary: string | null;
  /** Those that have caught up first. */
  readonly replicas: readonly string[];
}

export interface Seated {
  readonly primary: string;
  readonly replicas: readonly string[];
}

/**
 * Which pod serves which shard in which role. Everybody who may stay stays; free pods fill what is vacant, where they
 * crowd nobody; then shards whose members share a domain are mended by the cheapest exchanges of replicas.
 * @param shards as they are, in the order of the target
 * @param candidates exactly as many as the shards need: (1 + replicas) each
 */
export function seat(
  shards: readonly Seats[],
  candidates: readonly Candidate[],
  rule: { replicas: number; spreadBy: readonly string[] },
): readonly Seated[] {
  const board = new Board(candidates, rule.spreadBy);
  const groups = shards.map((shard) => board.keep(shard, rule.replicas));
  board.fillPrimaries(groups);
  board.fillReplicas(groups, rule.replicas);
  mend(groups, board);
  return groups.map(([primary = '', ...replicas]) => ({ primary, replicas: replicas.toSorted(byOrdinal) }));
}

/** Domains in which several pods of one shard are, by label in the order of `spreadBy`. */
export function crowds(
  shard: Seated,
  domainsOf: (pod: string) => Readonly<Record<string, string>>,
  spreadBy: readonly string[],
): readonly Crowd[] {
  const pods = [shard.primary, ...shard.replicas];
  return spreadBy.flatMap((label) => {
    const byDomain = Map.groupBy(
      pods.filter((pod) => domainsOf(pod)[label] !== undefined),
      (pod) => domainsOf(pod)[label] ?? '',
    );
    return Array.from(byDomain, ([domain, together]) => ({ domain, together }))
      .filter(({ together }) => together.length > 1)
      .toSorted((a, b) => (a.domain < b.domain ? -1 : 1))
      .map(({ domain, together }) => ({
        primary: shard.primary,
        label,
        domain,
        pods: together.toSorted(byOrdinal),
        whole: together.length === pods.length,
      }));
  });
}

/** Weight of one pair under a label against one under the next label: more than a shard can have of the latter. */
const LABEL_WEIGHT = 64;

/** The pods that are still free, and what it costs to put them together. */
class Board implements Costs {
  readonly #byName: ReadonlyMap<string, Candidate>;
  readonly #spreadBy: readonly string[];
  /** In the order of `spreadBy`; a domain that no other candidate is in counts for none. */
  readonly #domains: ReadonlyMap<string, readonly (string | undefined)[]>;
  /** By ordinal: of equals the first is the lowest. */
  readonly #free: Map<string, Candidate>;

  constructor(candidates: readonly Candidate[], spreadBy: readonly string[]) {
    this.#byName = new Map(candidates.map((candidate) => [candidate.pod, candidate]));
    this.#free = new Map([...this.#byName].toSorted(([a], [b]) => byOrdinal(a, b)));
    this.#spreadBy = spreadBy;
    const sharing = spreadBy.map((label) => Map.groupBy(candidates, ({ domains }) => domains[label]));
    const shared = (domain: string | undefined, label: number): string | undefined =>
      (sharing[label]?.get(domain)?.length ?? 0) > 1 ? domain : undefined;
    this.#domains = new Map(
      candidates.map(({ pod, domains }) => [pod, spreadBy.map((label, i) => shared(domains[label], i))]),
    );
  }

  /** A shard with who may stay of it: the primary, or the first of its replicas in its place, and enough replicas. */
  keep(shard: Seats, replicas: number): string[] {
    const [promoted, ...others] = shard.replicas;
    const primary = shard.primary ?? promoted ?? null;
    const rest = shard.primary === null ? others : [...shard.replicas];
    if (primary === null) return [];
    const group = [primary, ...rest.toSorted(byOrdinal)];
    while (group.length > 1 + replicas) group.splice(this.#mostCrowding(group), 1);
    for (const pod of group) this.#take(pod);
    return group;
  }

  /** New primaries go to the lowest ordinals, each on a node that has the fewest primaries. */
  fillPrimaries(groups: string[][]): void {
    const primaries = new Map<string, number>();
    const add = (pod: string): void => {
      const node = this.#firstDomain(pod);
      if (node !== null) primaries.set(node, (primaries.get(node) ?? 0) + 1);
    };
    for (const [primary] of groups) if (primary !== undefined) add(primary);
    for (const group of groups.filter((members) => members.length === 0)) {
      const best = cheapest(this.#free.values(), ({ pod, blank }) => [
        Number(!blank),
        primaries.get(this.#firstDomain(pod) ?? '') ?? 0,
      ]);
      if (best === undefined) return;
      this.#take(best.pod);
      group.push(best.pod);
      add(best.pod);
    }
  }

  /** One replica for each shard, then the second ones, so that no shard is left with what nobody wanted. */
  fillReplicas(groups: string[][], replicas: number): void {
    for (let rank = 1; rank <= replicas; rank += 1) {
      for (const group of groups.filter((members) => members.length === rank)) {
        const best = cheapest(this.#free.values(), ({ pod, replicates }) => [
          this.crowdingWith(group, pod),
          Number(replicates !== group[0]),
        ]);
        if (best === undefined) return;
        this.#take(best.pod);
        group.push(best.pod);
      }
    }
  }

  /** How badly pods crowd each other: pairs in one domain, the first label counting most. */
  crowding(pods: readonly string[]): number {
    return this.#spreadBy.reduce((sum, _, label) => sum * LABEL_WEIGHT + this.#pairs(pods, label), 0);
  }

  /** What one more pod adds to the crowding of others. */
  crowdingWith(others: readonly string[], pod: string): number {
    const those = others.map((other) => this.#domains.get(other));
    return (this.#domains.get(pod) ?? []).reduce(
      (sum: number, domain, label) =>
        sum * LABEL_WEIGHT + (domain === undefined ? 0 : those.filter((other) => other?.[label] === domain).length),
      0,
    );
  }

  kindOf(pod: string): string {
    return JSON.stringify(this.#domains.get(pod) ?? []);
  }

  isBlank(pod: string): boolean {
    return this.#byName.get(pod)?.blank ?? false;
  }

  #pairs(pods: readonly string[], label: number): number {
    const counts = new Map<string, number>();
    let pairs = 0;
    for (const pod of pods) {
      const domain = this.#domains.get(pod)?.[label];
      if (domain === undefined) continue;
      const before = counts.get(domain) ?? 0;
      pairs += before;
      counts.set(domain, before + 1);
    }
    return pairs;
  }

  /** The place of the replica whose going helps most; of equals the highest ordinal. */
  #mostCrowding(group: readonly string[]): number {
    let worst = group.length - 1;
    for (let i = group.length - 1; i > 0; i -= 1) {
      const without = (place: number): number => this.crowding(group.filter((_, other) => other !== place));
      if (without(i) < without(worst)) worst = i;
    }
    return worst;
  }

  #firstDomain(pod: string): string | null {
    const [label] = this.#spreadBy;
    return label === undefined ? null : (this.#byName.get(pod)?.domains[label] ?? null);
  }

  #take(pod: string): void {
    this.#free.delete(pod);
  }
}

/** The first of those with the smallest costs, compared one after the other. */
function cheapest<T>(values: Iterable<T>, costsOf: (value: T) => readonly number[]): T | undefined {
  let best: { value: T; costs: readonly number[] } | undefined;
  for (const value of values) {
    const costs = costsOf(value);
    if (best === undefined || compared(costs, best.costs) < 0) best = { value, costs };
  }
  return best?.value;
}

function compared(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((cost, i) => cost !== b[i]);
  return at === -1 ? 0 : (a[at] ?? 0) - (b[at] ?? 0);
}
