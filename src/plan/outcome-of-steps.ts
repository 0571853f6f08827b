import type { Cluster, Member } from '../core/cluster.ts';
import { isEmpty, minus, print, type SlotSet, union } from '../core/slots.ts';
import type { Step } from '../steps/index.ts';
import { slotsOf } from '../steps/seen.ts';

/** What a list of steps leaves behind, of what it touches; nothing is said of the rest. */
export interface Outcome {
  /** Pod → the slots that it is given, and keeps. */
  readonly given: ReadonlyMap<string, SlotSet>;
  /** Pod → the pod that it replicates at the end. */
  readonly replicas: ReadonlyMap<string, string>;
  readonly primaries: ReadonlySet<string>;
  readonly removed: ReadonlySet<string>;
  readonly pods: number | null;
  readonly deleted: ReadonlySet<string>;
}

/** Who has taken over from a pod in the end; the pod itself where nobody does. */
export function successions(steps: readonly Step[]): (pod: string) => string {
  const successors = new Map(
    steps.flatMap((step) => (step.kind === 'fail-over' ? [[step.from, step.pod] as const] : [])),
  );
  return (pod) => successors.get(pod) ?? pod;
}

/** Adds the steps up: later ones undo earlier ones, and what a pod has goes with a failover. */
export function outcomeOf(steps: readonly Step[]): Outcome {
  let given: ReadonlyMap<string, SlotSet> = new Map();
  const roles: Roles = { replicas: new Map(), primaries: new Set(), removed: new Set() };
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
        given = giving(given, step.pod, slotsOf(step.slots));
        break;
      case 'move-slots':
        given = giving(given, step.to, slotsOf(step.slots));
        break;
      case 'fail-over':
        given = giving(given, step.pod, given.get(step.from) ?? []);
        changeRoles(roles, step);
        break;
      case 'replicate':
      case 'remove':
      case 'join':
        changeRoles(roles, step);
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
  return { given, ...roles, pods, deleted };
}

interface Roles {
  readonly replicas: Map<string, string>;
  readonly primaries: Set<string>;
  readonly removed: Set<string>;
}

type RoleChange = Extract<Step, { readonly kind: 'replicate' | 'fail-over' | 'remove' | 'join' }>;

function changeRoles({ replicas, primaries, removed }: Roles, step: RoleChange): void {
  switch (step.kind) {
    case 'replicate':
      primaries.delete(step.pod);
      replicas.set(step.pod, step.primary);
      break;
    case 'fail-over':
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
  }
}

function giving(given: ReadonlyMap<string, SlotSet>, pod: string, slots: SlotSet): ReadonlyMap<string, SlotSet> {
  const others = Array.from(given, ([other, owned]): readonly [string, SlotSet] => [other, minus(owned, slots)]);
  return new Map([...others, [pod, union(given.get(pod) ?? [], slots)]]);
}

/**
 * Where a cluster is another one than the outcome, in sentences.
 * @param placed replicas that may have another primary
 */
export function departures(outcome: Outcome, end: Cluster, placed: ReadonlySet<string>): readonly string[] {
  const members = new Map(end.members.map((member) => [member.pod, member]));
  const volumes = new Set(end.volumes.filter((volume) => !volume.deleting).map((volume) => volume.claim));
  const pods = end.workload?.replicas ?? 0;
  const replicas = [...outcome.replicas].filter(([pod]) => !placed.has(pod));
  return [
    ...movedElsewhere(outcome, members),
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

function movedElsewhere({ given }: Outcome, members: ReadonlyMap<string, Member>): readonly string[] {
  return Array.from(given, ([pod, slots]) => ({ pod, missing: minus(slots, members.get(pod)?.slots ?? []) }))
    .filter(({ missing }) => !isEmpty(missing))
    .map(({ pod, missing }) => `Slots ${print(missing)} do not end on ${pod}.`);
}
