import { memberOf, withMember } from '../../core/cluster.ts';
import { isName } from '../fields.ts';
import type { StepKind } from '../kind.ts';

/** Introduces an empty node to the cluster (config epoch of its own, then MEET) until every member knows it. */
export interface Join {
  readonly kind: 'join';
  readonly pod: string;
}

export const join: StepKind<Join> = {
  facts(step, before) {
    const member = memberOf(before, step.pod);
    return { [`${step.pod} is`]: member === undefined ? 'not there' : member.joined ? 'a member' : 'blank' };
  },

  after: (step, before) => withMember(before, step.pod, { joined: true, role: 'primary', primary: null, slots: [] }),

  isDone: (step, now) => memberOf(now, step.pod)?.joined === true,

  covers: (approved, now) => approved.pod === now.pod,

  words: (step) => `Join ${step.pod} to the cluster`,

  rename: (step, name) => ({ ...step, pod: name(step.pod) }),

  read({ pod }) {
    return isName(pod) ? { kind: 'join', pod } : null;
  },
};
