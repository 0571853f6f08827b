import type { Member } from '../../core/cluster.ts';
import type { ShardTarget } from '../../core/layout.ts';
import type { Repair, Target, When } from '../kind.ts';
import { Present } from '../present.ts';
import type { Replicate } from './shape.ts';

/** Replicas that can be made without taking one from a shard that needs it: all at once. */
export const whenNobodyLacks: When<Replicate> = (now, target) => {
  const present = Present.in(now);
  const spare = spareReplicas(present, target);
  return due(present, target).filter(({ pod }) => spare(pod));
};

/** Of so many shards one may lack a replica at a time for the sake of places. */
const SHARDS_FOR_ONE = 20;

/**
 * Replicas that have to leave a shard which then has fewer than declared, such as two that change places: one at a time, in large
 * clusters as many as they bear, of shards that have nothing to do with each other.
 * Asked when nothing else is left that could make room: after it, the next ones usually can go without harm.
 */
export const whenSomeMustLack: When<Replicate> = (now, target) => {
  const present = Present.in(now);
  const most = Math.max(1, Math.floor(target.layout.shards.length / SHARDS_FOR_ONE));
  const concerned = new Set<string>();
  const chosen: Replicate[] = [];
  for (const step of due(present, target)) {
    if (chosen.length === most) break;
    const shards = [servedPrimary(present, present.members.get(step.pod)) ?? step.pod, step.primary];
    if (shards.some((shard) => concerned.has(shard))) continue;
    for (const shard of shards) concerned.add(shard);
    chosen.push(step);
  }
  return chosen;
};

/** Replicas that look for their primary at an address that it has left: they are told anew. */
export const whenLinkIsOutdated: Repair<Replicate> = ({ members }) =>
  members.flatMap(({ pod, primary, outdatedLink }): readonly Replicate[] =>
    outdatedLink === true && primary !== null ? [{ kind: 'replicate', pod, primary }] : [],
  );

/**
 * Before pods leave: replicas that stay and have not caught up. They replicate the right primary already, so that the step
 * only waits for them, and nobody who leaves is missed.
 */
export const whenOneLags: When<Replicate> = ({ members }, { layout }) => {
  const staying = new Set(layout.pods);
  const isLeaving = members.some((member) => member.joined && !staying.has(member.pod));
  if (!isLeaving) return [];
  return members.flatMap(({ pod, primary, synced }): readonly Replicate[] =>
    synced || primary === null || !staying.has(pod) ? [] : [{ kind: 'replicate', pod, primary }],
  );
};

/** What is to replicate a primary that is there, and does not yet. By shard, then by ordinal. */
function due(present: Present, { layout }: Target): readonly Replicate[] {
  return layout.shards.flatMap((shard) => {
    const primary = leaderFor(present, shard);
    if (primary === null) return [];
    const free = membersToCome(present, shard).filter((pod) => isFree(present, pod));
    const away = free.filter((pod) => present.members.get(pod)?.primary !== primary);
    return away.map((pod): Replicate => ({ kind: 'replicate', pod, primary }));
  });
}

/**
 * Whom the shard's replicas are to follow for now: who holds it; where that is a replica yet, which is to join anew as a
 * primary, the primary that it follows itself, be it over others. Null where there is none.
 */
function leaderFor(present: Present, shard: ShardTarget): string | null {
  let leader: string | null = present.holder(shard);
  for (let links = present.members.size; leader !== null && !present.isPrimary(leader); links -= 1) {
    leader = links === 0 ? null : (present.members.get(leader)?.primary ?? null);
  }
  return leader;
}

/**
 * While another one leads, only the pod that is to take over from it: the others then follow that one at once. But whoever
 * follows a pod that holds nothing stands in its way: no pod becomes a replica, or is removed, while it is followed.
 */
function membersToCome(present: Present, shard: ShardTarget): readonly string[] {
  const holder = present.holder(shard);
  if (holder === shard.primary && present.isPrimary(holder)) return shard.replicas;
  const inTheWay = shard.replicas.filter((pod) => {
    const primary = present.members.get(pod)?.primary ?? null;
    return primary !== null && !present.ownsSlots(primary);
  });
  return holder === shard.primary ? inTheWay : [shard.primary, ...inTheWay];
}

/** In the cluster, without slots, and nobody replicates it (else there would be replicas of a replica). */
function isFree(present: Present, pod: string): boolean {
  const member = present.members.get(pod);
  return member?.joined === true && !present.ownsSlots(pod) && present.followers(pod).length === 0;
}

/**
 * Tells of one pod after the other whether its present shard keeps its declared replicas without it and without those
 * that were let go before. Only replicas that have caught up count.
 */
export function spareReplicas(present: Present, { topology }: Target): (pod: string) => boolean {
  const left = new Map<string, number>();
  return (pod) => {
    const primary = servedPrimary(present, present.members.get(pod));
    if (primary === null) return true;
    const synced = left.get(primary) ?? present.followers(primary).filter((member) => member.synced).length;
    const remaining = present.members.get(pod)?.synced === true ? synced - 1 : synced;
    if (remaining < topology.replicasPerShard) return false;
    left.set(primary, remaining);
    return true;
  };
}

/** The primary with slots that a replica stands by; null for all that nobody needs. */
export function servedPrimary(present: Present, member: Member | undefined): string | null {
  if (member?.role !== 'replica' || member.primary === null) return null;
  return present.ownsSlots(member.primary) ? member.primary : null;
}
