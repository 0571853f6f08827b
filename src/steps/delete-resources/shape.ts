import { isNames } from '../fields.ts';
import type { StepKind } from '../kind.ts';

/** Deletes what the manifests hold, and the StatefulSet. */
export interface DeleteResources {
  readonly kind: 'delete-resources';
  /** `Kind/name` of each, in the order of deleting. */
  readonly resources: readonly string[];
}

export const deleteResources: StepKind<DeleteResources> = {
  facts: (_, before) => ({ replicas: before.workload?.replicas ?? 'no StatefulSet' }),

  after: (_, before) => ({ ...before, workload: null, pods: [], members: [], strangers: [], findings: [] }),

  isDone: (_, now) => now.workload === null && now.pods.length === 0,

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
