import { isName, isNames, isNumber } from '../fields.ts';
import type { StepKind } from '../kind.ts';
import { podsToCome } from '../pods-to-come.ts';

/** Creates what the manifests hold, the StatefulSet with its number of pods. */
export interface ApplyManifests {
  readonly kind: 'apply-manifests';
  readonly path: string;
  /** 12 hex digits over the documents. */
  readonly digest: string;
  /** `Kind/name` of each, in the order of applying. */
  readonly resources: readonly string[];
  readonly replicas: number;
}

export const applyManifests: StepKind<ApplyManifests> = {
  facts: (_, before) => ({
    'StatefulSet exists': before.workload !== null,
    manifests: before.manifests?.digest ?? 'none',
  }),

  after(step, before) {
    const statefulSet = before.manifests?.resources.find((resource) => resource.kind === 'StatefulSet');
    const firstOrdinal = before.manifests?.firstOrdinal ?? 0;
    const name = statefulSet?.name ?? '';
    return {
      ...before,
      workload: {
        name,
        namespace: statefulSet?.namespace ?? 'default',
        replicas: step.replicas,
        firstOrdinal,
        owners: [],
        claimTemplates: before.manifests?.claimTemplates ?? [],
      },
      pods: podsToCome(before.pods, name, { first: firstOrdinal, count: step.replicas }),
    };
  },

  isDone: (step, now) => now.workload?.replicas === step.replicas,

  covers: (approved, now) => approved.digest === now.digest && approved.replicas === now.replicas,

  words: (step) =>
    `Apply ${step.path} (${step.resources.join(', ')}) with ${step.replicas} ${step.replicas === 1 ? 'pod' : 'pods'}`,

  rename: (step) => step,

  read({ path, digest, resources, replicas }) {
    if (!isName(path) || !isName(digest) || !isNames(resources) || !isNumber(replicas)) return null;
    return { kind: 'apply-manifests', path, digest, resources, replicas };
  },
};
