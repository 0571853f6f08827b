import { byOrdinal, type Cluster, slotOwners } from '../core/cluster.ts';
import { crowdsIn } from '../core/design.ts';
import type { Layout, ShardTarget } from '../core/layout.ts';
import { shareSizes } from '../core/shares.ts';
import { ALL_SLOTS, count, equals, isEmpty, minus, type SlotSet, union } from '../core/slots.ts';
import type { Topology } from '../core/topology.ts';
import type { Step } from '../steps/index.ts';
import { outcomeOf, successions } from './outcome-of-steps.ts';

/**
 * Where the approved steps lead from the cluster as it is now, be some of them done or half done: what they say of a slot
 * or a pod, and for all else how it is. Null where that is not what the topology declares: then the cluster is
 * another one by now.
 * @param pods that are to exist
 */
export function approvedLayout(
  topology: Topology,
  cluster: Cluster,
  approved: readonly Step[],
  pods: readonly string[],
): Layout | null {
  const outcome = outcomeOf(approved);
  const successor = successions(approved);
  const members = new Map(cluster.members.map((member) => [member.pod, member]));
  const slots = slotsAtTheEnd(cluster, outcome.given, successor);
  const primaryOf = (pod: string): string | null => {
    const now = members.get(pod)?.primary ?? null;
    return outcome.replicas.get(pod) ?? (now === null ? null : successor(now));
  };
  const replicas = Map.groupBy(
    pods.filter((pod) => !slots.has(pod)),
    primaryOf,
  );
  const shards = Array.from(
    slots,
    ([primary, owned]): ShardTarget => ({
      primary,
      replicas: replicas.get(primary) ?? [],
      slots: owned,
      live: liveOf(primary, cluster, successor),
    }),
  ).toSorted((a, b) => byOrdinal(a.primary, b.primary));
  if (!isAsDeclared(topology, shards, pods)) return null;
  return { pods, shards, crowded: crowdsIn(shards, cluster, topology) };
}

/** Pod → its slots: those that it is given, and those of the rest that it or its predecessor has. */
function slotsAtTheEnd(
  cluster: Cluster,
  given: ReadonlyMap<string, SlotSet>,
  successor: (pod: string) => string,
): ReadonlyMap<string, SlotSet> {
  const all = union(...given.values());
  const kept = slotOwners(cluster).map((owner): readonly [string, SlotSet] => [
    successor(owner.pod),
    minus(owner.slots, all),
  ]);
  const byPod = Map.groupBy([...kept, ...given], ([pod]) => pod);
  const sets = Array.from(byPod, ([pod, parts]): readonly [string, SlotSet] => [
    pod,
    union(...parts.map(([, slots]) => slots)),
  ]);
  return new Map(sets.filter(([, slots]) => !isEmpty(slots)));
}

function liveOf(primary: string, cluster: Cluster, successor: (pod: string) => string): string | null {
  const owners = slotOwners(cluster).map((owner) => owner.pod);
  return owners.find((pod) => pod === primary) ?? owners.find((pod) => successor(pod) === primary) ?? null;
}

function isAsDeclared(topology: Topology, shards: readonly ShardTarget[], pods: readonly string[]): boolean {
  const staying = new Set(pods);
  const isFull = (shard: ShardTarget): boolean =>
    staying.has(shard.primary) && shard.replicas.length === topology.replicasPerShard;
  if (shards.length !== topology.shards.length || !shards.every(isFull)) return false;
  return equals(union(...shards.map((shard) => shard.slots)), ALL_SLOTS) && hasShares(topology, shards);
}

/** Shards have no names: the declared lists are owned by some shard each, and the other sizes fit in their order. */
function hasShares({ shards: shares, tolerance }: Topology, shards: readonly ShardTarget[]): boolean {
  const sizes = shareSizes(shares);
  const lists = shares.flatMap((share) => (share.kind === 'slots' ? [share.slots] : []));
  const weighted = sizes.filter((_, i) => shares[i]?.kind === 'weight').toSorted((a, b) => a - b);
  const isListed = (shard: ShardTarget): boolean => lists.some((list) => equals(list, shard.slots));
  const others = shards.filter((shard) => !isListed(shard)).map((shard) => count(shard.slots));
  const fits = (n: number, size = 0): boolean => Math.abs(n - size) <= tolerance * size;
  return others.length === weighted.length && others.toSorted((a, b) => a - b).every((n, i) => fits(n, weighted[i]));
}
