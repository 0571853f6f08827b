import type { Domains, Workload } from '../../core/cluster.ts';
import { Failure } from '../../core/failure.ts';
import type { Place } from '../../core/topology.ts';
import type { KubernetesView } from '../../ports/kubernetes.ts';
import { type Api, METADATA_LIST_ONLY } from './api.ts';
import { ownersOf } from './owner.ts';
import { clusterWide, inNamespace } from './paths.ts';
import { belongsTo, claimsOf, podFrom, refuseUnknownContainer, volumeFrom } from './pods.ts';
import {
  AUTOSCALER,
  type AutoscalerObject,
  CLAIM,
  type ClaimObject,
  EVENT,
  type EventObject,
  NAMED,
  POD,
  type PodObject,
  STATEFUL_SET,
  type StatefulSetObject,
} from './shapes.ts';
import { troubleOfOwner } from './trouble.ts';

export interface LookOptions {
  readonly spreadBy: readonly string[];
  readonly signal: AbortSignal;
  readonly claimTemplates?: readonly string[];
}

/**
 * Looks at the StatefulSet and all that belongs to it. What does not depend on each other is asked at the same time;
 * events are only read where something is not ready.
 */
export async function look(api: Api, place: Place, options: LookOptions): Promise<KubernetesView> {
  const { namespace, statefulSet } = place;
  const [set, claims, nodes, autoscalers] = await Promise.all([
    api.read(
      { ...inNamespace('get', 'apps', 'v1', namespace, 'statefulsets', statefulSet), expected: [404] },
      STATEFUL_SET,
      options,
    ),
    api.list(inNamespace('list', '', 'v1', namespace, 'persistentvolumeclaims', null), CLAIM, options),
    listNodes(api, options),
    listAutoscalers(api, namespace, options),
  ]);
  const pods = await listPods(api, place, set, options);
  if (set !== null) refuseUnknownContainer(set, pods, place);
  const own = claimsOf(claims, statefulSet, set === null ? (options.claimTemplates ?? []) : templatesOf(set));
  const events = isCalm(set, pods, own) ? [] : await listWarnings(api, namespace, options);
  const around = { claims: own, nodes, events };
  return {
    workload: set === null ? null : workloadFrom(set, autoscalers, events, pods.length),
    pods: pods.map((pod) => podFrom(pod, place, around)).toSorted((a, b) => a.ordinal - b.ordinal),
    volumes: own.map(volumeFrom).toSorted((a, b) => a.ordinal - b.ordinal || (a.claim < b.claim ? -1 : 1)),
    kubernetesNodes: [...nodes.values()],
  };
}

function workloadFrom(
  set: StatefulSetObject,
  autoscalers: readonly AutoscalerObject[],
  events: readonly EventObject[],
  pods: number,
): Workload {
  const trouble = pods < set.spec.replicas ? troubleOfOwner(set.metadata.uid, events) : null;
  return {
    name: set.metadata.name,
    namespace: set.metadata.namespace,
    replicas: set.spec.replicas,
    firstOrdinal: set.spec.ordinals?.start ?? 0,
    owners: ownersOf(set, autoscalers),
    claimTemplates: templatesOf(set),
    ...(set.spec.persistentVolumeClaimRetentionPolicy.whenScaled === 'Delete' ? { volumesGoWithPods: true } : {}),
    ...(set.spec.podManagementPolicy === 'OrderedReady' ? { waitsForEachPod: true } : {}),
    ...(trouble === null ? {} : { trouble }),
  };
}

function templatesOf(set: StatefulSetObject): readonly string[] {
  return set.spec.volumeClaimTemplates.map((template) => template.metadata.name);
}

function isCalm(set: StatefulSetObject | null, pods: readonly PodObject[], claims: readonly ClaimObject[]): boolean {
  return (
    pods.length >= (set?.spec.replicas ?? 0) &&
    pods.every((pod) => pod.status.conditions.some((one) => one.type === 'Ready' && one.status === 'True')) &&
    claims.every((claim) => claim.status.phase === 'Bound')
  );
}

async function listPods(
  api: Api,
  { namespace, statefulSet }: Place,
  set: StatefulSetObject | null,
  options: LookOptions,
): Promise<readonly PodObject[]> {
  const request = inNamespace('list', '', 'v1', namespace, 'pods', null);
  const query = set === null ? {} : { labelSelector: selectorOf(set) };
  const pods = await api.list({ ...request, query }, POD, options);
  return pods.filter((pod) => belongsTo(pod, statefulSet, set?.metadata.uid ?? null));
}

function selectorOf({ spec: { selector } }: StatefulSetObject): string {
  const equal = Object.entries(selector.matchLabels).map(([key, value]) => `${key}=${value}`);
  const expressions = selector.matchExpressions.map(({ key, operator, values }) => {
    switch (operator) {
      case 'In':
        return `${key} in (${values.join(',')})`;
      case 'NotIn':
        return `${key} notin (${values.join(',')})`;
      case 'DoesNotExist':
        return `!${key}`;
      default:
        return key;
    }
  });
  return [...equal, ...expressions].join(',');
}

/** All Kubernetes nodes by name: one request, of which the server sends only the metadata. */
async function listNodes(api: Api, options: LookOptions): Promise<ReadonlyMap<string, Domains>> {
  if (options.spreadBy.length === 0) return new Map();
  const request = { ...clusterWide('list', '', 'v1', 'nodes', null), accept: METADATA_LIST_ONLY };
  const nodes = await api.list(request, NAMED, options);
  return new Map(nodes.map(({ metadata }) => [metadata.name, domainsOf(metadata.labels, options.spreadBy)]));
}

function domainsOf(labels: Readonly<Record<string, string>>, spreadBy: readonly string[]): Domains {
  return Object.fromEntries(
    spreadBy.flatMap((label) => (labels[label] === undefined ? [] : [[label, labels[label]] as const])),
  );
}

function listWarnings(api: Api, namespace: string, options: LookOptions): Promise<readonly EventObject[]> {
  const request = inNamespace('list', '', 'v1', namespace, 'events', null);
  return ifAllowed(api.list({ ...request, query: { fieldSelector: 'type=Warning' } }, EVENT, options));
}

function listAutoscalers(api: Api, namespace: string, options: LookOptions): Promise<readonly AutoscalerObject[]> {
  const request = inNamespace('list', 'autoscaling', 'v2', namespace, 'horizontalpodautoscalers', null);
  return ifAllowed(api.list({ ...request, expected: [404] }, AUTOSCALER, options));
}

/** What only makes words better is done without where the account may not read it. */
async function ifAllowed<T>(listing: Promise<readonly T[]>): Promise<readonly T[]> {
  try {
    return await listing;
  } catch (thrown) {
    if (thrown instanceof Failure && thrown.code === 'kubernetes-forbidden') return [];
    throw thrown;
  }
}
