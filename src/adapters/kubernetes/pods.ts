import { type Domains, ordinalOf, type Pod, type Volume } from '../../core/cluster.ts';
import { Failure } from '../../core/failure.ts';
import type { Place } from '../../core/topology.ts';
import { bytesOf } from './quantity.ts';
import type { ClaimObject, EventObject, PodObject, StatefulSetObject } from './shapes.ts';
import { troubleOf } from './trouble.ts';

/** What was listed beside the pods. */
export interface Surroundings {
  readonly claims: readonly ClaimObject[];
  /** By the name of the Kubernetes node. */
  readonly nodes: ReadonlyMap<string, Domains>;
  readonly events: readonly EventObject[];
}

/** Whether the name is that of one of the StatefulSet's pods: the set's name, a dash, digits. */
function isNamedBy(statefulSet: string, pod: string): boolean {
  return pod.startsWith(`${statefulSet}-`) && /^\d+$/.test(pod.slice(statefulSet.length + 1));
}

/**
 * Whether the StatefulSet owns the pod. `uid` is null where the set is gone: then its last pods are known by its name.
 * Pods that a deletion with `--cascade=orphan` left behind have no owner until a set adopts them.
 */
export function belongsTo(pod: PodObject, statefulSet: string, uid: string | null): boolean {
  if (!isNamedBy(statefulSet, pod.metadata.name)) return false;
  const owner = pod.metadata.ownerReferences.find((reference) => reference.controller);
  if (owner === undefined) return uid !== null;
  return uid === null ? owner.kind === 'StatefulSet' && owner.name === statefulSet : owner.uid === uid;
}

export function podFrom(object: PodObject, place: Place, around: Surroundings): Pod {
  const { metadata, spec, status } = object;
  const ready = status.conditions.some((one) => one.type === 'Ready' && one.status === 'True');
  const claims = around.claims.filter((claim) => claim.metadata.name.endsWith(`-${metadata.name}`));
  return {
    name: metadata.name,
    ordinal: ordinalOf(metadata.name),
    uid: metadata.uid,
    ip: status.podIP ?? null,
    node: spec.nodeName ?? null,
    domains: around.nodes.get(spec.nodeName ?? '') ?? {},
    ready,
    deleting: metadata.deletionTimestamp !== undefined,
    trouble: ready ? null : troubleOf(object, claims, around.events),
    memoryLimit: memoryLimit(object, place),
  };
}

/** The claims of the StatefulSet's pods, also of pods that are gone. */
export function claimsOf(
  claims: readonly ClaimObject[],
  statefulSet: string,
  templates: readonly string[],
): readonly ClaimObject[] {
  return claims.filter(({ metadata: { name } }) =>
    templates.some(
      (template) => name.startsWith(`${template}-`) && isNamedBy(statefulSet, name.slice(template.length + 1)),
    ),
  );
}

/**
 * A pod that owns its claim is one that was scaled away under `whenScaled: Delete`: Kubernetes makes it the owner just then, so
 * that the claim goes with it. Of a pod that stays the StatefulSet is the owner, or nobody.
 */
export function volumeFrom({ metadata, status }: ClaimObject): Volume {
  const isOwnedByPod = metadata.ownerReferences.some((owner) => owner.kind === 'Pod');
  return {
    claim: metadata.name,
    ordinal: ordinalOf(metadata.name),
    bound: status.phase === 'Bound',
    deleting: metadata.deletionTimestamp !== undefined,
    ...(isOwnedByPod ? { goesWithPod: true } : {}),
  };
}

/**
 * A name that no container has would be passed over in silence, and with it the limit that it was to give.
 * Throws Failure `invalid-topology`. Pods of a former template may have containers that the StatefulSet's own lacks.
 */
export function refuseUnknownContainer(set: StatefulSetObject, pods: readonly PodObject[], place: Place): void {
  const specs = [set.spec.template.spec, ...pods.map((pod) => pod.spec)];
  const names = [...new Set(specs.flatMap(({ containers }) => containers.map(({ name }) => name)))];
  if (place.container === null || names.includes(place.container)) return;
  throw new Failure(
    'invalid-topology',
    `The StatefulSet ${set.metadata.name} has no container "${place.container}": it has ${names.join(', ')}. The memory limit of that container says what the server may hold.`,
    {
      remedy:
        'Correct `kubernetes.container` in the topology, or leave it out: then the container counts that has a containerPort equal to `kubernetes.port`.',
    },
  );
}

/**
 * Of the declared container, else of the one with the port, else of the only one. Which of several it is without that, nobody knows: the
 * first may be the proxy of a mesh, whose limit says nothing about what Redis may hold.
 */
function memoryLimit(object: PodObject, place: Place): number | null {
  const { containers } = object.spec;
  const container =
    containers.find((one) => one.name === place.container) ??
    containers.find((one) => one.ports.some((port) => port.containerPort === place.port)) ??
    (containers.length === 1 ? containers[0] : undefined);
  const limit = container?.resources?.limits?.['memory'];
  return limit === undefined ? null : bytesOf(limit);
}
