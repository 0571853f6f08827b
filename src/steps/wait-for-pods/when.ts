import type { When } from '../kind.ts';
import { podsLacking, type WaitForPods } from './shape.ts';

/** Pods that are to exist and are missing, not ready, or do not answer yet. */
export const whenNotReady: When<WaitForPods> = (now, { layout }) => {
  const lacking = layout.pods.filter(podsLacking(now));
  return lacking.length === 0 ? [] : [{ kind: 'wait-for-pods', pods: lacking }];
};
