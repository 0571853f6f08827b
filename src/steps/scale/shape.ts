import type { Cluster, Volume, Workload } from '../../core/cluster.ts';
import { isNumber } from '../fields.ts';
import type { StepKind } from '../kind.ts';
import { podsToCome } from '../pods-to-come.ts';

/** Sets the StatefulSet's number of pods; Kubernetes adds and removes at the highest ordinal. */
export interface Scale {
  readonly kind: 'scale';
  readonly from: number;
  readonly to: number;
}

export const scale: StepKind<Scale> = {
  facts: (step, before) => ({
    replicas: before.workload?.replicas ?? 'no StatefulSet',
    ...(step.to < step.from && before.workload?.volumesGoWithPods === true ? { 'volumes of the pods': 'deleted' } : {}),
  }),

  after(step, before) {
    if (before.workload === null) return before;
    const workload = { ...before.workload, replicas: step.to };
    if (step.to < step.from) return withoutPodsFrom(end(workload), { ...before, workload });
    const ordinals = { first: workload.firstOrdinal, count: step.to };
    return { ...before, workload, pods: podsToCome(before.pods, workload.name, ordinals) };
  },

  isDone(step, now) {
    if (now.workload?.replicas !== step.to) return false;
    const last = end(now.workload);
    return step.to > step.from || now.pods.every((pod) => pod.ordinal < last);
  },

  covers: (approved, now) =>
    approved.to === now.to && Math.sign(approved.to - approved.from) === Math.sign(now.to - now.from),

  words: (step) => `Scale the StatefulSet from ${step.from} to ${step.to} pods`,

  rename: (step) => step,

  read({ from, to }) {
    return isNumber(from) && isNumber(to) && from !== to ? { kind: 'scale', from, to } : null;
  },
};

function end(workload: Workload): number {
  return workload.firstOrdinal + workload.replicas;
}

/** Volumes stay, unless the StatefulSet's retention policy says otherwise: then they are marked, and seeing them gone is for later. */
function withoutPodsFrom(ordinal: number, cluster: Cluster): Cluster {
  const pods = cluster.pods.filter((pod) => pod.ordinal < ordinal);
  const left = new Set(pods.map((pod) => pod.name));
  const members = cluster.members.filter((member) => left.has(member.pod));
  if (cluster.workload?.volumesGoWithPods !== true) return { ...cluster, pods, members };
  // Those that earlier pods have left are no longer looked at by Kubernetes.
  const going = new Set(cluster.pods.filter((pod) => pod.ordinal >= ordinal).map((pod) => pod.ordinal));
  const volumes = cluster.volumes.map(
    (volume): Volume => (going.has(volume.ordinal) ? { ...volume, goesWithPod: true } : volume),
  );
  return { ...cluster, pods, members, volumes };
}
