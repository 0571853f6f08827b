import type { Target, When } from '../kind.ts';
import { Present } from '../present.ts';
import { spareReplicas } from '../replicate/when.ts';
import { formerNodesOf, type Remove } from './shape.ts';

/** Pods whose removal was interrupted: the others still know the node that answered there before. */
export const whenHalfRemoved: When<Remove> = (now) => {
  const pods = new Set(now.strangers.flatMap((stranger) => (stranger.ghostOf === undefined ? [] : [stranger.ghostOf])));
  return now.members
    .filter(({ pod, joined }) => !joined && pods.has(pod) && formerNodesOf(now, pod).length > 0)
    .map(({ pod }) => ({ kind: 'remove', pod }));
};

/** Replicas that are to lead a new shard and that their present shard can spare: removed, they join again as new ones. */
export const whenRebornUnneeded: When<Remove> = (now, target) => {
  const present = Present.in(now);
  const spare = spareReplicas(present, target);
  return reborn(present, target).filter(({ pod }) => spare(pod));
};

/** The same where their shard lacks a replica from then on; one at a time. */
export const whenRebornNeeded: When<Remove> = (now, target) => reborn(Present.in(now), target).slice(0, 1);

/**
 * Members on pods that leave, once they own nothing and what stays has its place: all at once, but a primary only after
 * its replicas, for these refuse to forget the primary that they follow.
 */
export const whenLeaving: When<Remove> = (now, target) => {
  const present = Present.in(now);
  const spare = spareReplicas(present, target);
  const staying = new Set(target.layout.pods);
  return now.members
    .filter(({ pod, joined }) => joined && !staying.has(pod))
    .filter(({ pod }) => !present.ownsSlots(pod) && present.followers(pod).length === 0 && spare(pod))
    .map(({ pod }) => ({ kind: 'remove', pod }));
};

function reborn(present: Present, { layout }: Target): readonly Remove[] {
  return layout.shards
    .filter((shard) => present.holder(shard) === shard.primary)
    .filter(({ primary }) => present.members.get(primary)?.joined === true && !present.isPrimary(primary))
    .filter(({ primary }) => present.followers(primary).length === 0)
    .map(({ primary }) => ({ kind: 'remove', pod: primary }));
}
