import type { ManifestResource, ManifestSet } from '../../core/cluster.ts';
import { Failure } from '../../core/failure.ts';
import type { Place } from '../../core/topology.ts';
import type { ResourceRef } from '../../ports/kubernetes.ts';
import { type Api, METADATA_ONLY } from './api.ts';
import { inNamespace } from './paths.ts';
import type { Resources } from './resources.ts';
import { SCALE } from './shapes.ts';

/** Under this name Kubernetes notes which fields are this action's. */
const FIELD_MANAGER = 'redis-cluster-topology';

/** How often the number of pods is written again because the StatefulSet's status changed in between. */
const SCALE_ATTEMPTS = 5;

type Options = { readonly signal: AbortSignal };

/**
 * Server-side apply of every document in its order, the StatefulSet with `replicas`. All are tried as a dry run first, so
 * that a mistake in the last one does not leave the first ones behind; not where the set brings another namespace than the
 * cluster's, which is there by now: in one that is yet to come a dry run finds nothing to be.
 */
export async function applyManifests(
  api: Api,
  resources: Resources,
  place: Place,
  manifests: ManifestSet,
  options: Options & { replicas: number },
): Promise<void> {
  const bringsOther = manifests.resources.some(({ kind, name }) => kind === 'Namespace' && name !== place.namespace);
  for (const rehearsal of bringsOther ? [false] : [true, false]) {
    for (const resource of manifests.resources) {
      await applyOne(api, resources, place, withReplicas(resource, place, options.replicas), rehearsal, options);
    }
  }
}

async function applyOne(
  api: Api,
  resources: Resources,
  place: Place,
  resource: ManifestResource,
  rehearsal: boolean,
  options: Options,
): Promise<void> {
  const located = await resources.locate('patch', resource, place.namespace, options);
  await api.ask(
    {
      ...located,
      query: { fieldManager: FIELD_MANAGER, force: 'true', ...(rehearsal ? { dryRun: 'All' } : {}) },
      contentType: 'application/apply-patch+yaml',
      body: withNamespace(resource.document, located.namespace),
      repeatable: true,
    },
    options,
  );
}

function withReplicas(resource: ManifestResource, place: Place, replicas: number): ManifestResource {
  if (resource.kind !== 'StatefulSet' || resource.name !== place.statefulSet) return resource;
  const { document } = resource;
  return { ...resource, document: { ...document, spec: { ...recordOf(document['spec']), replicas } } };
}

function withNamespace(document: ManifestResource['document'], namespace: string | null): ManifestResource['document'] {
  return namespace === null ? document : { ...document, metadata: { ...recordOf(document['metadata']), namespace } };
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

/**
 * Sets the number of pods by the scale subresource, on the condition that nothing changed since it was read. The version
 * that is compared also moves with the StatefulSet's status, so that a conflict alone does not say that `from` is wrong; it
 * may even be due to the own first attempt, whose answer was lost.
 */
export async function scale(
  api: Api,
  place: Place,
  change: { from: number; to: number },
  options: Options,
): Promise<void> {
  const at = (verb: 'get' | 'patch') =>
    inNamespace(verb, 'apps', 'v1', place.namespace, 'statefulsets/scale', place.statefulSet);
  for (let attempt = 0; attempt < SCALE_ATTEMPTS; attempt += 1) {
    const now = await api.read({ ...at('get'), expected: [404] }, SCALE, options);
    if (attempt > 0 && now?.spec.replicas === change.to) return;
    if (now?.spec.replicas !== change.from) throw changed(place, change, now?.spec.replicas ?? null);
    const { resourceVersion } = now.metadata;
    const answer = await api.ask(
      {
        ...at('patch'),
        query: { fieldManager: FIELD_MANAGER },
        contentType: 'application/merge-patch+json',
        body: { metadata: { resourceVersion }, spec: { replicas: change.to } },
        repeatable: true,
        expected: [409],
      },
      options,
    );
    if (answer.status !== 409) return;
  }
  throw changed(place, change, null);
}

function changed(place: Place, { from, to }: { from: number; to: number }, seen: number | null): Failure {
  const found = seen === null ? 'it changed again and again, or is gone' : `it has ${seen}`;
  return new Failure(
    'changed-meanwhile',
    `Cannot scale the StatefulSet ${place.statefulSet} from ${from} to ${to} pods: ${found}.`,
    { remedy: 'Look for what else scales it, then run again: a new plan is made from what is there.' },
  );
}

/** Asks for the deletion of claims; Kubernetes keeps each until no pod uses it. What is gone already is no error. */
export async function deleteVolumes(
  api: Api,
  place: Place,
  claims: readonly string[],
  options: Options,
): Promise<void> {
  await Promise.all(
    claims.map((claim) => {
      const at = inNamespace('delete', '', 'v1', place.namespace, 'persistentvolumeclaims', claim);
      return api.ask({ ...at, repeatable: true, expected: [404] }, options);
    }),
  );
}

/**
 * Asks for the deletion of each, in the order given. A StatefulSet stays visible until its pods are gone (foreground), so
 * that waiting for it is waiting for them.
 */
export async function deleteResources(
  api: Api,
  resources: Resources,
  place: Place,
  refs: readonly ResourceRef[],
  options: Options,
): Promise<void> {
  for (const ref of refs) {
    const at = await resources.locate('delete', ref, place.namespace, options);
    const propagationPolicy = ref.kind === 'StatefulSet' ? 'Foreground' : 'Background';
    const body = { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy };
    await api.ask({ ...at, body, repeatable: true, expected: [404] }, options);
  }
}

/** Which of the resources are still there, also those on their way out. */
export async function existing(
  api: Api,
  resources: Resources,
  place: Place,
  refs: readonly ResourceRef[],
  options: Options,
): Promise<readonly ResourceRef[]> {
  const answers = await Promise.all(
    refs.map(async (ref) => {
      const at = await resources.locate('get', ref, place.namespace, options);
      const answer = await api.ask({ ...at, accept: METADATA_ONLY, expected: [404] }, options);
      return answer.status === 404 ? [] : [ref];
    }),
  );
  return answers.flat();
}
