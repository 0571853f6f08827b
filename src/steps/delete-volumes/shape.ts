import { isNames } from '../fields.ts';
import type { StepKind } from '../kind.ts';

/** Deletes PersistentVolumeClaims of pods that are gone. */
export interface DeleteVolumes {
  readonly kind: 'delete-volumes';
  readonly volumes: readonly string[];
}

/** `data-redis-cluster-6` → `data`: so the volumes are also seen where the StatefulSet is gone. */
export function claimTemplatesOf(volumes: readonly string[], statefulSet: string): readonly string[] {
  return [...new Set(volumes.map((claim) => claim.slice(0, claim.lastIndexOf(`-${statefulSet}-`))))];
}

export const deleteVolumes: StepKind<DeleteVolumes> = {
  /** Not which of them are left: the StatefulSet's own retention policy may have deleted some meanwhile. */
  facts(step, before) {
    const volumes = new Set(step.volumes);
    const ordinals = new Set(before.volumes.filter(({ claim }) => volumes.has(claim)).map(({ ordinal }) => ordinal));
    const users = before.pods.filter((pod) => ordinals.has(pod.ordinal)).map((pod) => pod.name);
    return {
      'pods that use them': users.join(', '),
      // Whether they go may have been that policy's doing alone: they must not be deleted once it has changed.
      ...(before.workload?.volumesGoWithPods === true ? { 'deleted by Kubernetes': true } : {}),
    };
  },

  after(step, before) {
    const gone = new Set(step.volumes);
    return { ...before, volumes: before.volumes.filter(({ claim }) => !gone.has(claim)) };
  },

  isDone(step, now) {
    const gone = new Set(step.volumes);
    return now.volumes.every(({ claim, deleting }) => deleting || !gone.has(claim));
  },

  covers(approved, now) {
    const volumes = new Set(approved.volumes);
    return now.volumes.every((claim) => volumes.has(claim));
  },

  words: (step) => `Delete ${step.volumes.length === 1 ? 'the volume' : 'the volumes'} ${step.volumes.join(', ')}`,

  rename: (step) => step,

  read({ volumes }) {
    return isNames(volumes) && volumes.length > 0 ? { kind: 'delete-volumes', volumes } : null;
  },
};
