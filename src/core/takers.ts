export interface Crowding {
  /** What one more pod adds to how badly others crowd each other. */
  crowdingWith(others: readonly string[], pod: string): number;
  /** Pods of one kind crowd others alike. */
  kindOf(pod: string): string;
}

/**
 * Which replicas may take whose seats without crowding the shard there more, by kinds of pods: of these there are as many as
 * Kubernetes nodes, and they are asked once for every seat, however often a way is looked for.
 */
export class Takers {
  readonly #groups: readonly (readonly string[])[];
  readonly #crowding: Crowding;
  /** Pod → place of its kind in the others. */
  readonly #kinds: ReadonlyMap<string, number>;
  /** One pod of each kind. */
  readonly #examples: readonly string[];
  /** By shard and seat: by kind, 1 where it may sit there. */
  readonly #may: Uint8Array[][];
  /** By the kind that sits and the kind that may come: on how many seats. */
  readonly #ways: readonly Int32Array[];

  /** @param groups primary and replicas of each shard; they may change between `leave` and `enter` */
  constructor(groups: readonly (readonly string[])[], crowding: Crowding) {
    const replicas = groups.flatMap((group) => group.slice(1));
    const byKind = Map.groupBy(replicas, (pod) => crowding.kindOf(pod));
    this.#groups = groups;
    this.#crowding = crowding;
    this.#examples = Array.from(byKind.values(), ([first = '']) => first);
    this.#kinds = new Map([...byKind.values()].flatMap((pods, kind) => pods.map((pod) => [pod, kind])));
    this.#may = groups.map(() => []);
    this.#ways = this.#examples.map(() => new Int32Array(this.#examples.length));
    for (const shard of groups.keys()) this.enter(shard);
  }

  /** Whether a replica may take a seat of a shard that has entered. */
  may(pod: string, shard: number, seat: number): boolean {
    return this.#may[shard]?.[seat]?.[this.kind(pod)] === 1;
  }

  kind(pod: string): number {
    return this.#kinds.get(pod) ?? -1;
  }

  /** The seats of a shard are as they are now. */
  enter(shard: number): void {
    const group = this.#groups[shard] ?? [];
    this.#may[shard] = group.map((pod, seat) => {
      if (seat === 0) return new Uint8Array();
      const added = this.#addedAt(group, seat);
      const own = added(pod);
      return Uint8Array.from(this.#examples, (example) => Number(added(example) <= own));
    });
    this.#count(shard, 1);
  }

  /** The seats of a shard are no way any more. */
  leave(shard: number): void {
    this.#count(shard, -1);
    this.#may[shard] = [];
  }

  /**
   * Kinds from which a way leads to one that would crowd a shard less on this seat → how many more seats it takes. Ways are longer
   * where pods of the same shard would have to move twice.
   */
  distances(shard: number, seat: number, longest: number): ReadonlyMap<number, number> {
    const group = this.#groups[shard] ?? [];
    const added = this.#addedAt(group, seat);
    const own = added(group[seat] ?? '');
    const distances = new Map<number, number>();
    let rest = [...this.#examples.keys()];
    let next = rest.filter((kind) => added(this.#examples[kind] ?? '') < own);
    for (let distance = 0; next.length > 0 && distance < longest; distance += 1) {
      for (const kind of next) distances.set(kind, distance);
      const reached = next.map((kind) => this.#ways[kind]);
      rest = rest.filter((kind) => !distances.has(kind));
      next = rest.filter((kind) => reached.some((ways) => (ways?.[kind] ?? 0) > 0));
    }
    return distances;
  }

  #addedAt(group: readonly string[], seat: number): (pod: string) => number {
    const others = group.toSpliced(seat, 1);
    return (pod) => this.#crowding.crowdingWith(others, pod);
  }

  #count(shard: number, by: number): void {
    for (const [seat, may] of (this.#may[shard] ?? []).entries()) {
      const ways = this.#ways[this.kind(this.#groups[shard]?.[seat] ?? '')];
      if (ways !== undefined) for (const kind of may.keys()) ways[kind] = (ways[kind] ?? 0) + by * (may[kind] ?? 0);
    }
  }
}
