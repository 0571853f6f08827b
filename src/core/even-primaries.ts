import type { Seated } from './placement.ts';

/** A domain that the search has come to, and the shard whose primary would go there by a change of roles. */
interface Visit {
  readonly domain: string;
  readonly shard: number;
  /** The replica that would lead the shard. */
  readonly pod: string;
  readonly from: Visit | null;
}

/**
 * The same shards led by other members where that spreads primaries better over domains (Kubernetes nodes, as a rule): the loss
 * of one domain then fails over as few shards as possible. Members stay where they are.
 *
 * Algorithm: shards are edges from the domain of their primary to those of their replicas. As long as a path leads from a
 * domain to one with two primaries fewer, every shard on it changes its leader (path reversal, as in Borradaile et al.,
 * Egalitarian graph orientations, 2017): when there is none, the most that one domain has cannot be less.
 * @param domainOf null where it is not known: such pods are left out
 */
export function evenPrimaries(shards: readonly Seated[], domainOf: (pod: string) => string | null): readonly Seated[] {
  const leaders = new Leaders(shards, domainOf);
  while (leaders.improve());
  return shards.map((shard, i) => ledBy(shard, leaders.of(i)));
}

class Leaders {
  readonly #shards: readonly (readonly string[])[];
  readonly #domainOf: (pod: string) => string | null;
  readonly #leaders: string[];
  readonly #counts = new Map<string, number>();

  constructor(shards: readonly Seated[], domainOf: (pod: string) => string | null) {
    this.#shards = shards.map(({ primary, replicas }) => [primary, ...replicas]);
    this.#domainOf = domainOf;
    this.#leaders = shards.map(({ primary }) => primary);
    for (const pod of this.#leaders) this.#add(pod, 1);
  }

  of(shard: number): string {
    return this.#leaders[shard] ?? '';
  }

  /** Reverses one path; false when there is none that helps. */
  improve(): boolean {
    const fullest = [...this.#counts].toSorted(([a, n], [b, m]) => m - n || (a < b ? -1 : 1));
    for (const [domain, primaries] of fullest) {
      const end = this.#find(domain, primaries - 2);
      for (let at = end; at !== null; at = at.from) this.#lead(at.shard, at.pod);
      if (end !== null) return true;
    }
    return false;
  }

  /** The way to the nearest domain with at most so many primaries. */
  #find(start: string, most: number): Visit | null {
    const seen = new Set([start]);
    const queue = this.#next(start, null, seen);
    for (const visit of queue) {
      if ((this.#counts.get(visit.domain) ?? 0) <= most) return visit;
      queue.push(...this.#next(visit.domain, visit, seen));
    }
    return null;
  }

  #next(domain: string, from: Visit | null, seen: Set<string>): Visit[] {
    const found: Visit[] = [];
    for (const [shard, leader] of this.#leaders.entries()) {
      if (this.#domainOf(leader) !== domain) continue;
      for (const pod of this.#shards[shard] ?? []) {
        const other = this.#domainOf(pod);
        if (other === null || seen.has(other)) continue;
        seen.add(other);
        found.push({ domain: other, shard, pod, from });
      }
    }
    return found;
  }

  #lead(shard: number, pod: string): void {
    this.#add(this.of(shard), -1);
    this.#add(pod, 1);
    this.#leaders[shard] = pod;
  }

  #add(pod: string, n: number): void {
    const domain = this.#domainOf(pod);
    if (domain !== null) this.#counts.set(domain, (this.#counts.get(domain) ?? 0) + n);
  }
}

function ledBy(shard: Seated, leader: string): Seated {
  if (shard.primary === leader) return shard;
  return { primary: leader, replicas: shard.replicas.map((pod) => (pod === leader ? shard.primary : pod)) };
}
