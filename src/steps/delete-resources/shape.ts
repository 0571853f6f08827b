import type { ManifestResource, ManifestSet } from '../../core/cluster.ts';
import { isNames } from '../fields.ts';
import type { StepKind } from '../kind.ts';

/** Deletes what the manifests hold, and the StatefulSet. */
export interface DeleteResources {
  readonly kind: 'delete-resources';
  /** `Kind/name` of each, in the order of deleting. */
  readonly resources: readonly string[];
}

/** What others may live in or by, and what takes all that is in it along: it stays, though the manifests hold it. */
const SHARED: readonly string[] = ['Namespace', 'CustomResourceDefinition', 'StorageClass', 'PriorityClass'];

/** What goes with the cluster, of what its manifests hold. */
export function ownResources(manifests: ManifestSet | null): readonly ManifestResource[] {
  return (manifests?.resources ?? []).filter(({ kind }) => !SHARED.includes(kind));
}

export const deleteResources: StepKind<DeleteResources> = {
  facts: (_, before) => ({ replicas: before.workload?.replicas ?? 'no StatefulSet' }),

  after: (_, before) => ({
    ...before,
    workload: null,
    pods: [],
    members: [],
    strangers: [],
    remains: [],
    findings: [],
  }),

  isDone: (_, { workload, pods, remains }) => workload === null && pods.length === 0 && remains.length === 0,

  covers(approved, now) {
    const resources = new Set(approved.resources);
    return now.resources.every((resource) => resources.has(resource));
  },

  words: (step) => `Delete ${step.resources.join(', ')}`,

  rename: (step) => step,

  read({ resources }) {
    return isNames(resources) && resources.length > 0 ? { kind: 'delete-resources', resources } : null;
  },
};
