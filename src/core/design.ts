import { byOrdinal, type Cluster, type Member, ordinalOf, slotOwners } from './cluster.ts';
import { withoutHeaps } from './even-primaries.ts';
import type { Crowd, Layout, ShardTarget } from './layout.ts';
import { type Candidate, crowds, type Seated, seat } from './placement.ts';
import { type LiveShard, matchShards } from './shards.ts';
import { shareSizes } from './shares.ts';
import { flow } from './slot-flow.ts';
import { count, isEmpty, NO_SLOTS } from './slots.ts';
import { podCount, type Topology } from './topology.ts';
import { withinTolerance } from './within-tolerance.ts';

export interface Wishes {
  /** Whether others are to lead shards where primaries are heaped on one Kubernetes node; default: true. */
  readonly evenly?: boolean;
}

/**
 * The target for a cluster: first which live shard goes on as which declared share, then which pod serves it in which
 * role, then which slots it owns. The same input gives the same layout, whatever the order in which it was observed.
 * Pods that are not scheduled yet crowd nobody: their roles are provisional.
 */
export function design(topology: Topology, cluster: Cluster, { evenly = true }: Wishes = {}): Layout {
  const pods = targetPods(topology, cluster);
  if (topology.state === 'absent') return { pods, shards: [], crowded: [] };
  const staying = new Set(pods);
  const replicasBy = Map.groupBy(
    cluster.members.filter((member) => member.joined && member.role === 'replica' && member.primary !== null),
    (member) => member.primary ?? '',
  );
  const owners = slotOwners(cluster);
  const density = densities(owners);
  const live = owners.map((primary): LiveShard => {
    const members = [primary, ...(replicasBy.get(primary.pod) ?? [])];
    const left = members.filter((member) => staying.has(member.pod)).length;
    return {
      primary: primary.pod,
      slots: primary.slots,
      copiesMissing: Math.max(0, 1 + topology.replicasPerShard - left),
      primaryLeaves: !staying.has(primary.pod),
      density: density(primary),
    };
  });
  const sizes = shareSizes(topology.shards);
  const matched = matchShards(topology.shards, sizes, live);
  const seats = matched.map((shard) => ({
    primary: shard === null || shard.primaryLeaves ? null : shard.primary,
    replicas: (shard === null ? [] : (replicasBy.get(shard.primary) ?? []))
      .filter((member) => staying.has(member.pod))
      .toSorted((a, b) => Number(canFollow(b)) - Number(canFollow(a)) || byOrdinal(a.pod, b.pod))
      .map((member) => member.pod),
  }));
  const rule = { replicas: topology.replicasPerShard, spreadBy: topology.placement.spreadBy };
  const candidates = candidatesOf(pods, cluster);
  const placed = seat(seats, candidates, rule);
  const seated = evenly ? ledEvenly(placed, candidates, rule) : placed;
  const shards = withSlots(topology, sizes, matched, seated);
  return { pods, shards, crowded: crowdsIn(shards, cluster, topology) };
}

/** More exchanges of leaders and replicas in turn than any cluster was seen to need. */
const ROUNDS = 8;

/**
 * Lets others lead where primaries are heaped on one domain of the first label. Only once it is known where every pod runs: until
 * then nobody can say where primaries will be. Who leads does not change places, and so new exchanges of replicas may help: this
 * goes on until neither helps any more, or a second plan would find more to do.
 */
function ledEvenly(
  placed: readonly Seated[],
  candidates: readonly Candidate[],
  rule: Parameters<typeof seat>[2],
): readonly Seated[] {
  const [label] = rule.spreadBy;
  if (label === undefined) return placed;
  const domains = new Map(candidates.map((candidate) => [candidate.pod, candidate.domains[label] ?? null]));
  if (!candidates.every(({ pod }) => domains.get(pod) !== null)) return placed;
  let shards = placed;
  for (let rounds = 0; rounds < ROUNDS; rounds += 1) {
    const led = withoutHeaps(shards, (pod) => domains.get(pod) ?? null);
    if (led === shards) return shards;
    shards = seat(led, candidates, rule);
  }
  return placed;
}

/** Whether it catches up by itself. How far it is behind just now chooses nobody: it is another one a second later. */
function canFollow({ synced, behind }: Member): boolean {
  return synced || behind === true;
}

/** Where pods of one shard share a domain. */
export function crowdsIn(shards: readonly Seated[], cluster: Cluster, { placement }: Topology): readonly Crowd[] {
  const domains = new Map(cluster.pods.map((pod) => [pod.name, pod.domains]));
  return shards.flatMap((shard) => crowds(shard, (pod) => domains.get(pod) ?? {}, placement.spreadBy));
}

/** The pods that are to exist, by ordinal. */
export function targetPods(topology: Topology, cluster: Cluster): readonly string[] {
  const first = cluster.workload?.firstOrdinal ?? cluster.manifests?.firstOrdinal ?? 0;
  return Array.from({ length: podCount(topology) }, (_, i) => `${topology.kubernetes.statefulSet}-${first + i}`);
}

/** The pods as they may serve shards. */
export function candidatesOf(pods: readonly string[], cluster: Cluster): readonly Candidate[] {
  const members = new Map(cluster.members.map((member) => [member.pod, member]));
  const known = new Map(cluster.pods.map((pod) => [pod.name, pod]));
  return pods.map((pod) => ({
    pod,
    domains: known.get(pod)?.domains ?? {},
    blank: isBlank(members.get(pod)),
    replicates: members.get(pod)?.primary ?? null,
  }));
}

function isBlank(member: Member | undefined): boolean {
  return member === undefined || !member.joined || (member.role === 'primary' && isEmpty(member.slots));
}

/**
 * Data per slot of a shard against the average, rounded to a power of two: a shard ten times as heavy counts as heavier,
 * while ordinary traffic between plan and apply changes nothing.
 */
function densities(owners: readonly Member[]): (member: Member) => number {
  const total = owners.reduce((sum, member) => sum + dataOf(member), 0);
  const slots = owners.reduce((sum, member) => sum + count(member.slots), 0);
  if (total === 0) return () => 1;
  return (member) => {
    const ratio = dataOf(member) / count(member.slots) / (total / slots);
    return ratio === 0 ? 2 ** -6 : 2 ** Math.max(-6, Math.round(Math.log2(ratio)));
  };
}

/** Bytes; an empty server still counts its own structures as data. */
function dataOf({ facts }: Member): number {
  return facts.keys === 0 ? 0 : facts.dataset;
}

function withSlots(
  topology: Topology,
  sizes: readonly number[],
  matched: readonly (LiveShard | null)[],
  seated: readonly { primary: string; replicas: readonly string[] }[],
): readonly ShardTarget[] {
  const order = seated.map((_, i) => i).toSorted((a, b) => ordinalAt(seated, a) - ordinalAt(seated, b));
  const wishes = order.map((i) => {
    const share = topology.shards[i];
    return {
      owned: matched[i]?.slots ?? NO_SLOTS,
      size: sizes[i] ?? 0,
      exactly: share?.kind === 'slots' ? share.slots : null,
    };
  });
  const slots = flow(withinTolerance(wishes, topology.tolerance));
  return order.map((i, rank) => ({
    primary: seated[i]?.primary ?? '',
    replicas: seated[i]?.replicas ?? [],
    slots: slots[rank] ?? NO_SLOTS,
    live: matched[i]?.primary ?? null,
  }));
}

function ordinalAt(seated: readonly { primary: string }[], i: number): number {
  return ordinalOf(seated[i]?.primary ?? '');
}
