import { type Cluster, type Member, replicasOf, slotOwners } from './cluster.ts';
import type { Layout } from './layout.ts';
import { remembered } from './remembered.ts';
import { count, equals, isEmpty, minus, print, type SlotSet, union } from './slots.ts';

/**
 * The promises as predicates: of one cluster, of a cluster before and after a stage, and of the end. Each gives what is
 * broken, in sentences; nothing when all is well. The planner asks them of every state that it thinks of, tests of
 * every state that they see.
 */

/** What is wrong with one cluster, whatever came before. */
export const brokenRules = remembered((cluster: Cluster): readonly string[] => {
  const members = byPod(cluster.members);
  return [...twiceOwned(cluster), ...cluster.members.flatMap((member) => misfit(member, members))];
});

const byPod = remembered(
  (members: readonly Member[]): ReadonlyMap<string, Member> => new Map(members.map((member) => [member.pod, member])),
);

/**
 * What a stage has broken.
 * @param declared replicas of each shard: it may not fall below these, or below what it had
 */
export function brokenPromises(
  before: Cluster,
  after: Cluster,
  declared: number,
): { readonly hard: readonly string[]; readonly redundancy: readonly string[] } {
  const successors = successorsOf(before, after);
  return {
    hard: [...lostSlots(before, after), ...bothWays(before, after, successors)],
    redundancy: lackingShards(before, after, declared, successors),
  };
}

/** How a cluster differs from the layout. Pods on their way out do not count. */
export function differences(cluster: Cluster, layout: Layout): readonly string[] {
  const pods = new Set(cluster.pods.map((pod) => pod.name));
  const members = byPod(cluster.members);
  const staying = new Set(layout.pods);
  const wrongRoles = layout.shards.flatMap(({ primary, replicas, slots }) => [
    ...differenceOf(members.get(primary), primary, { primary: null, slots }),
    ...replicas.flatMap((replica) => differenceOf(members.get(replica), replica, { primary, slots: [] })),
  ]);
  const replicas = cluster.workload?.replicas ?? 0;
  return [
    ...(replicas === layout.pods.length ? [] : [`The StatefulSet has ${replicas} pods, not ${layout.pods.length}.`]),
    ...layout.pods.filter((pod) => !pods.has(pod)).map((pod) => `${pod} does not exist.`),
    ...wrongRoles,
    ...cluster.members
      .filter((member) => member.joined && !staying.has(member.pod))
      .map(({ pod }) => `${pod} is still a member.`),
  ];
}

function differenceOf(
  member: Member | undefined,
  pod: string,
  wanted: { primary: string | null; slots: SlotSet },
): readonly string[] {
  if (member?.joined !== true) return [`${pod} has not joined.`];
  const isRight =
    member.primary === wanted.primary && member.role === (wanted.primary === null ? 'primary' : 'replica');
  const role = wanted.primary === null ? 'a primary' : `a replica of ${wanted.primary}`;
  if (!isRight) return [`${pod} is not ${role}.`];
  if (equals(member.slots, wanted.slots)) return [];
  return [`${pod} owns slots ${print(member.slots) || 'none'}, not ${print(wanted.slots) || 'none'}.`];
}

function twiceOwned(cluster: Cluster): readonly string[] {
  const owners = [...slotOwners(cluster), ...cluster.strangers];
  const all = union(...owners.map((owner) => owner.slots));
  const claims = owners.reduce((sum, owner) => sum + count(owner.slots), 0);
  return claims === count(all) ? [] : [`${claims - count(all)} slots have two owners.`];
}

function misfit(member: Member, members: ReadonlyMap<string, Member>): readonly string[] {
  if (!isEmpty(member.slots) && (member.role !== 'primary' || !member.joined)) {
    return [`${member.pod} owns slots and is no primary of the cluster.`];
  }
  const primary = member.primary === null ? undefined : members.get(member.primary);
  if (primary === undefined || (primary.role === 'primary' && primary.joined)) return [];
  return [`${member.pod} replicates ${primary.pod}, which is no primary.`];
}

function lostSlots(before: Cluster, after: Cluster): readonly string[] {
  const lost = minus(owned(before), owned(after));
  return isEmpty(lost) ? [] : [`Slots ${print(lost)} have no owner any more.`];
}

const ownedBy = remembered((owners: readonly Member[]): SlotSet => union(...owners.map((owner) => owner.slots)));

function owned(cluster: Cluster): SlotSet {
  return ownedBy(slotOwners(cluster));
}

/** Who serves the shard of an owner afterwards: the owner itself, or the replica that took over. */
function successorsOf(before: Cluster, after: Cluster): ReadonlyMap<string, string> {
  const later = byPod(after.members);
  const entries = slotOwners(before).map(({ pod }): readonly [string, string] => {
    const primary = later.get(pod)?.primary ?? null;
    const tookOver = primary !== null && replicasOf(before, pod).some((replica) => replica.pod === primary);
    return [pod, tookOver ? primary : pod];
  });
  return new Map(entries);
}

/** No shard may give and get slots in one stage. */
function bothWays(before: Cluster, after: Cluster, successors: ReadonlyMap<string, string>): readonly string[] {
  const later = byPod(after.members);
  return slotOwners(before).flatMap(({ pod, slots }) => {
    const then = later.get(successors.get(pod) ?? pod)?.slots ?? [];
    if (then === slots) return [];
    const both = !isEmpty(minus(slots, then)) && !isEmpty(minus(then, slots));
    return both ? [`${pod} gives and gets slots at once.`] : [];
  });
}

function lackingShards(
  before: Cluster,
  after: Cluster,
  declared: number,
  successors: ReadonlyMap<string, string>,
): readonly string[] {
  const had = livingReplicas(before.members);
  const has = livingReplicas(after.members);
  const owning = new Set(slotOwners(after).map((owner) => owner.pod));
  return slotOwners(before).flatMap(({ pod }) => {
    const successor = successors.get(pod) ?? pod;
    const now = has.get(successor) ?? 0;
    if (!owning.has(successor) || now >= Math.min(declared, had.get(pod) ?? 0)) return [];
    return [`The shard of ${successor} has ${now} of ${declared} replicas`];
  });
}

const livingReplicas = remembered((members: readonly Member[]): ReadonlyMap<string, number> => {
  const living = new Map<string, number>();
  for (const { joined, role, primary, synced } of members) {
    if (joined && role === 'replica' && synced && primary !== null) living.set(primary, (living.get(primary) ?? 0) + 1);
  }
  return living;
});
