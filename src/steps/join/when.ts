import type { When } from '../kind.ts';
import { Present } from '../present.ts';
import type { Join } from './shape.ts';

/** All blank pods that are to be in the cluster, at once: where nobody has joined yet, the first one of them too. */
export const whenBlank: When<Join> = (now, { layout }) => {
  const present = Present.in(now);
  return layout.pods.filter((pod) => present.isBlank(pod)).map((pod) => ({ kind: 'join', pod }));
};
