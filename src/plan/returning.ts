import { type Cluster, ordinalOf, replicasOf, slotOwners } from '../core/cluster.ts';
import { keptVolumes, mayReturn } from '../core/kept-volumes.ts';
import type { Layout } from '../core/layout.ts';
import { ownerlessSlots } from '../core/slot-findings.ts';
import { isEmpty } from '../core/slots.ts';

/** Of the pods that are to exist, those that have to come back first: the cluster lacks a node or owners, and it may be on their volumes. */
export function returningPods(cluster: Cluster, pods: readonly string[]): readonly string[] {
  const isMissed = cluster.strangers.some((stranger) => mayReturn(stranger, cluster));
  if (!isMissed && isEmpty(ownerlessSlots(cluster))) return [];
  const kept = new Set(keptVolumes(cluster).map(({ ordinal }) => ordinal));
  return pods.filter((pod) => kept.has(ordinalOf(pod)));
}

/** The shards as they are: which others there will be is not known before the pods are back. */
export function layoutOfNow(cluster: Cluster, pods: readonly string[]): Layout {
  const shards = slotOwners(cluster).map(({ pod, slots }) => ({
    primary: pod,
    replicas: replicasOf(cluster, pod).map((member) => member.pod),
    slots,
    live: pod,
  }));
  return { pods, shards, crowded: [] };
}
