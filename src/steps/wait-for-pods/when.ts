import { ordinalOf } from '../../core/cluster.ts';
import type { When } from '../kind.ts';
import { podsLacking, type WaitForPods } from './shape.ts';

/**
 * Of the pods that Kubernetes was asked for already, those that stay and are not up: what they are is not known before
 * they answer, so nothing else is begun.
 */
export const whenStarting: When<WaitForPods> = (now, { layout }) => {
  const { workload } = now;
  if (workload === null) return [];
  const end = workload.firstOrdinal + workload.replicas;
  const lacking = layout.pods.filter(podsLacking(now)).filter((pod) => ordinalOf(pod) < end);
  return lacking.length === 0 ? [] : [{ kind: 'wait-for-pods', pods: lacking }];
};

/** Pods that are to exist and are missing, not ready, or do not answer yet. */
export const whenNotReady: When<WaitForPods> = (now, { layout }) => {
  const lacking = layout.pods.filter(podsLacking(now));
  return lacking.length === 0 ? [] : [{ kind: 'wait-for-pods', pods: lacking }];
};
