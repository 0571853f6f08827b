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

/** So many primaries more than need be are in one domain before a plan lets others lead. */
const HEAP = 2;

/**
 * The shards as they are to be led: as `evenPrimaries` has them where some domain has a heap of primaries, else as they are. One
 * failover by itself leaves one too many in a domain; were that mended, each would be followed by a second one.
 */
export function withoutHeaps<T extends Seated>(
  shards: readonly T[],
  domainOf: (pod: string) => string | null,
): readonly (T | Seated)[] {
  const even = evenPrimaries(shards, domainOf);
  return mostTogether(shards, domainOf) - mostTogether(even, domainOf) < HEAP ? shards : even;
}

function mostTogether(shards: readonly Seated[], domainOf: (pod: string) => string | null): number {
  const byDomain = Map.groupBy(shards, ({ primary }) => domainOf(primary));
  return Math.max(0, ...Array.from(byDomain, ([domain, led]) => (domain === null ? 0 : led.length)));
}

class Leaders {
  readonly #shards: readonly (readonly string[])[];
  readonly #domainOf: (pod: string) => string | null;
  readonly #leaders: string[];
  /** Domain → the shards that are led there. */
  readonly #led = new Map<string, Set<number>>();

  constructor(shards: readonly Seated[], domainOf: (pod: string) => string | null) {
    this.#shards = shards.map(({ primary, replicas }) => [primary, ...replicas]);
    this.#domainOf = domainOf;
    this.#leaders = shards.map(({ primary }) => primary);
    for (const pod of this.#shards.flat()) {
      const domain = domainOf(pod);
      if (domain !== null) this.#led.set(domain, new Set());
    }
    for (const shard of this.#leaders.keys()) this.#ledAt(shard)?.add(shard);
  }

  of(shard: number): string {
    return this.#leaders[shard] ?? '';
  }

  /** Reverses what paths there are from each domain, the fullest first; false when there was none. */
  improve(): boolean {
    let improved = false;
    const fullest = Array.from(this.#led, ([domain, { size }]): readonly [string, number] => [domain, size]);
    for (const [domain] of fullest.toSorted(([a, n], [b, m]) => m - n || (a < b ? -1 : 1))) {
      for (let end = this.#find(domain); end !== null; end = this.#find(domain)) {
        for (let at: Visit | null = end; at !== null; at = at.from) this.#lead(at.shard, at.pod);
        improved = true;
      }
    }
    return improved;
  }

  /** The way to the nearest domain with at least two primaries fewer. */
  #find(start: string): Visit | null {
    const most = this.#primariesIn(start) - 2;
    if (most < 0) return null;
    const seen = new Set([start]);
    const queue = this.#next(start, null, seen);
    for (const visit of queue) {
      if (this.#primariesIn(visit.domain) <= most) return visit;
      queue.push(...this.#next(visit.domain, visit, seen));
    }
    return null;
  }

  #next(domain: string, from: Visit | null, seen: Set<string>): Visit[] {
    const found: Visit[] = [];
    for (const shard of this.#led.get(domain) ?? []) {
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
    this.#ledAt(shard)?.delete(shard);
    this.#leaders[shard] = pod;
    this.#ledAt(shard)?.add(shard);
  }

  #ledAt(shard: number): Set<number> | undefined {
    const domain = this.#domainOf(this.of(shard));
    return domain === null ? undefined : this.#led.get(domain);
  }

  #primariesIn(domain: string): number {
    return this.#led.get(domain)?.size ?? 0;
  }
}

function ledBy(shard: Seated, leader: string): Seated {
  if (shard.primary === leader) return shard;
  return { primary: leader, replicas: shard.replicas.map((pod) => (pod === leader ? shard.primary : pod)) };
}
