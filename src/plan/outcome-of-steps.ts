import type { Cluster } from '../core/cluster.ts';
import { each, print, SLOT_COUNT, slotsOfNumbers } from '../core/slots.ts';
import type { Step } from '../steps/index.ts';
import { slotsOf } from '../steps/seen.ts';

/** What a list of steps leaves behind, of what it touches; nothing is said of the rest. */
export interface Outcome {
  /** Slot → the pod that owns it at the end. */
  readonly owners: ReadonlyMap<number, string>;
  /** Pod → the pod that it replicates at the end. */
  readonly replicas: ReadonlyMap<string, string>;
  readonly primaries: ReadonlySet<string>;
  readonly removed: ReadonlySet<string>;
  readonly pods: number | null;
  readonly deleted: ReadonlySet<string>;
}

/** Adds the steps up: later ones undo earlier ones, and what a pod has goes with a failover. */
export function outcomeOf(steps: readonly Step[]): Outcome {
  const owners = new Map<number, string>();
  const replicas = new Map<string, string>();
  const primaries = new Set<string>();
  const removed = new Set<string>();
  const deleted = new Set<string>();
  let pods: number | null = null;
  for (const step of steps) {
    switch (step.kind) {
      case 'apply-manifests':
        pods = step.replicas;
        break;
      case 'scale':
        pods = step.to;
        break;
      case 'assign-slots':
        for (const slot of each(slotsOf(step.slots))) owners.set(slot, step.pod);
        break;
      case 'move-slots':
        for (const slot of each(slotsOf(step.slots))) owners.set(slot, step.to);
        break;
      case 'replicate':
        primaries.delete(step.pod);
        replicas.set(step.pod, step.primary);
        break;
      case 'fail-over':
        for (const [slot, owner] of owners) if (owner === step.from) owners.set(slot, step.pod);
        for (const [pod, primary] of replicas) if (primary === step.from) replicas.set(pod, step.pod);
        replicas.delete(step.pod);
        replicas.set(step.from, step.pod);
        primaries.delete(step.from);
        primaries.add(step.pod);
        break;
      case 'remove':
        replicas.delete(step.pod);
        primaries.delete(step.pod);
        removed.add(step.pod);
        break;
      case 'join':
        removed.delete(step.pod);
        break;
      case 'delete-volumes':
        for (const volume of step.volumes) deleted.add(volume);
        break;
      case 'delete-resources':
      case 'forget':
      case 'repair-address':
      case 'repair-slots':
      case 'wait-for-pods':
        break;
    }
  }
  return { owners, replicas, primaries, removed, pods, deleted };
}

/** Where a cluster is another one than the outcome, in sentences. */
export function departures(
  outcome: Outcome,
  end: Cluster,
  options: { readonly mayPlaceReplicas: boolean },
): readonly string[] {
  const members = new Map(end.members.map((member) => [member.pod, member]));
  const volumes = new Set(end.volumes.map((volume) => volume.claim));
  const pods = end.workload?.replicas ?? 0;
  const replicas = options.mayPlaceReplicas ? [] : [...outcome.replicas];
  return [
    ...movedElsewhere(outcome, end),
    ...replicas
      .filter(([pod, primary]) => members.get(pod)?.joined === true && members.get(pod)?.primary !== primary)
      .map(([pod, primary]) => `${pod} does not end as a replica of ${primary}.`),
    ...[...outcome.primaries]
      .filter((pod) => members.get(pod)?.role !== 'primary')
      .map((pod) => `${pod} does not end as a primary.`),
    ...[...outcome.removed]
      .filter((pod) => members.get(pod)?.joined === true)
      .map((pod) => `${pod} stays in the cluster.`),
    ...(outcome.pods === null || outcome.pods === pods
      ? []
      : [`The StatefulSet ends with ${pods} pods, not ${outcome.pods}.`]),
    ...[...outcome.deleted].filter((claim) => volumes.has(claim)).map((claim) => `The volume ${claim} stays.`),
  ];
}

function movedElsewhere({ owners }: Outcome, end: Cluster): readonly string[] {
  if (owners.size === 0) return [];
  const actual = Array.from({ length: SLOT_COUNT }, () => 'nobody');
  for (const member of end.members) for (const slot of each(member.slots)) actual[slot] = member.pod;
  const wrong = [...owners].filter(([slot, pod]) => actual[slot] !== pod);
  const byPair = Map.groupBy(wrong, ([slot, pod]) => `end on ${actual[slot] ?? 'nobody'}, not on ${pod}`);
  return Array.from(byPair, ([how, slots]) => `Slots ${print(slotsOfNumbers(slots.map(([slot]) => slot)))} ${how}.`);
}
