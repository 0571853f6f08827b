import type { When } from '../kind.ts';
import type { Scale } from './shape.ts';

/** Pods that are to exist are made before anything else needs them. */
export const whenTooFew: When<Scale> = ({ workload }, { layout }) => {
  const to = layout.pods.length;
  return workload === null || workload.replicas >= to ? [] : [{ kind: 'scale', from: workload.replicas, to }];
};

/** Pods go once no node of theirs is in the cluster any more. */
export const whenTooMany: When<Scale> = ({ workload, members }, { layout }) => {
  const to = layout.pods.length;
  if (workload === null || workload.replicas <= to) return [];
  const staying = new Set(layout.pods);
  if (members.some((member) => member.joined && !staying.has(member.pod))) return [];
  return [{ kind: 'scale', from: workload.replicas, to }];
};
