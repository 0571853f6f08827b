import { createHash } from 'node:crypto';
import { z } from 'zod';
import { canonicalJson } from '../../core/canonical-json.ts';
import type { ManifestResource, ManifestSet } from '../../core/cluster.ts';
import { Failure } from '../../core/failure.ts';
import { byText } from '../../core/text-order.ts';
import type { Place } from '../../core/topology.ts';
import { splitDocuments } from './manifest-documents.ts';
import { readManifestFiles } from './manifest-files.ts';

/**
 * In which order kinds are applied: what others need comes first, the StatefulSet last, so that its existence says that
 * all was applied. Kinds that are not named stand before PodDisruptionBudget.
 */
const ORDER = [
  'Namespace',
  'CustomResourceDefinition',
  'PriorityClass',
  'StorageClass',
  'ServiceAccount',
  'ClusterRole',
  'ClusterRoleBinding',
  'Role',
  'RoleBinding',
  'ResourceQuota',
  'LimitRange',
  'NetworkPolicy',
  'ConfigMap',
  'Secret',
  'Service',
];
const LAST = ['PodDisruptionBudget', 'StatefulSet'];

const STATEFUL_SET = z.object({
  apiVersion: z.literal('apps/v1'),
  metadata: z.object({ namespace: z.string().optional() }),
  spec: z.object({
    ordinals: z.object({ start: z.number().int().min(0).default(0) }).optional(),
    template: z
      .object({ spec: z.object({ containers: z.array(z.object({ name: z.string() })).default([]) }).prefault({}) })
      .prefault({}),
    volumeClaimTemplates: z.array(z.object({ metadata: z.object({ name: z.string() }) })).default([]),
  }),
});

/**
 * Reads the topology's manifests: a file, or the YAML and JSON files of a folder (not of its subfolders). Null where none
 * are declared. The result is the same whatever the files are called.
 * @param workspace the folder that all paths must stay in, symbolic links resolved
 * Throws Failure `invalid-manifests` with every mistake and its place.
 */
export async function readManifests(workspace: string, place: Place): Promise<ManifestSet | null> {
  if (place.manifests === null) return null;
  const files = await readManifestFiles(workspace, place.manifests);
  const { resources, mistakes } = splitDocuments(files);
  const ordered = resources.toSorted((a, b) => compare(a, b));
  const found = mistakes.length > 0 ? [] : mistakesOf(ordered, place);
  if (mistakes.length + found.length > 0) throw invalid(place.manifests, [...mistakes, ...found]);
  const set = STATEFUL_SET.parse(ordered.find((resource) => isTheSet(resource, place))?.document);
  return {
    path: place.manifests,
    resources: ordered,
    digest: digestOf(ordered),
    firstOrdinal: set.spec.ordinals?.start ?? 0,
    claimTemplates: set.spec.volumeClaimTemplates.map((template) => template.metadata.name),
  };
}

function isTheSet({ kind, name }: ManifestResource, place: Place): boolean {
  return kind === 'StatefulSet' && name === place.statefulSet;
}

function mistakesOf(resources: readonly ManifestResource[], place: Place): readonly string[] {
  const sets = resources.filter((resource) => isTheSet(resource, place));
  const [set] = sets;
  const seen = new Set<string>();
  const twice = resources.filter((resource) => {
    const key = keyOf(resource, place);
    const known = seen.has(key);
    seen.add(key);
    return known;
  });
  return [
    ...twice.map(({ kind, name }) => `${kind}/${name} is there twice`),
    ...(set === undefined ? [missingSet(resources, place)] : mistakesOfSet(set, place)),
  ];
}

function missingSet(resources: readonly ManifestResource[], place: Place): string {
  const others = resources.filter(({ kind }) => kind === 'StatefulSet').map(({ name }) => `"${name}"`);
  const seen = others.length === 0 ? 'there is none' : `there is only ${others.join(', ')}`;
  return `the StatefulSet "${place.statefulSet}" of the topology is missing: ${seen}`;
}

function mistakesOfSet(set: ManifestResource, place: Place): readonly string[] {
  if (set.namespace !== null && set.namespace !== place.namespace) {
    return [
      `StatefulSet/${set.name} is for the namespace "${set.namespace}", and the topology for "${place.namespace}"`,
    ];
  }
  const { data, error } = STATEFUL_SET.safeParse(set.document);
  const [issue] = error?.issues ?? [];
  if (issue !== undefined) return [`StatefulSet/${set.name}, ${issue.path.join('.')}: ${issue.message}`];
  const names = data?.spec.template.spec.containers.map(({ name }) => name) ?? [];
  if (place.container === null || names.includes(place.container)) return [];
  return [
    `StatefulSet/${set.name} has no container "${place.container}", which \`kubernetes.container\` of the topology names: it has ${names.join(', ')}`,
  ];
}

function keyOf({ apiVersion, kind, name, namespace }: ManifestResource, place: Place): string {
  return [apiVersion, kind, namespace ?? place.namespace, name].join('/');
}

function compare(a: ManifestResource, b: ManifestResource): number {
  return rankOf(a.kind) - rankOf(b.kind) || byText(nameOf(a), nameOf(b));
}

function rankOf(kind: string): number {
  const last = LAST.indexOf(kind);
  if (last >= 0) return ORDER.length + 1 + last;
  const first = ORDER.indexOf(kind);
  return first >= 0 ? first : ORDER.length;
}

function nameOf({ kind, namespace, name }: ManifestResource): string {
  return `${kind}/${namespace ?? ''}/${name}`;
}

/** In YAML the order of an object's keys means nothing. */
function digestOf(resources: readonly ManifestResource[]): string {
  const documents = resources.map(({ document }) => document);
  return createHash('sha256').update(canonicalJson(documents)).digest('hex').slice(0, 12);
}

function invalid(path: string, mistakes: readonly string[]): Failure {
  const count = mistakes.length === 1 ? 'a mistake' : `${mistakes.length} mistakes`;
  return new Failure('invalid-manifests', `Cannot use the manifests at "${path}": ${count}: ${mistakes[0] ?? ''}.`, {
    remedy: 'Correct the files that `kubernetes.manifests` of the topology names.',
    details: mistakes,
  });
}
