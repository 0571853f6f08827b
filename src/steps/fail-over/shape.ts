import { memberOf } from '../../core/cluster.ts';
import { isEmpty } from '../../core/slots.ts';
import { isName } from '../fields.ts';
import type { StepKind } from '../kind.ts';
import { roleOf } from '../seen.ts';

/** Hands a shard over to one of its replicas that has caught up; the old primary becomes its replica. */
export interface FailOver {
  readonly kind: 'fail-over';
  /** The replica that becomes primary. */
  readonly pod: string;
  readonly from: string;
}

export const failOver: StepKind<FailOver> = {
  facts: (step, before) => ({
    [`role of ${step.pod}`]: roleOf(before, step.pod),
    [`role of ${step.from}`]: roleOf(before, step.from),
  }),

  /** It waits until the pod has caught up. The other replicas of the shard follow the new primary by themselves. */
  after(step, before) {
    const old = memberOf(before, step.from);
    if (old === undefined) return before;
    const members = before.members.map((member) => {
      if (member.pod === step.pod) {
        return { ...member, role: 'primary', primary: null, slots: old.slots, synced: true } as const;
      }
      if (member.pod === step.from) return { ...member, role: 'replica', primary: step.pod, slots: [] } as const;
      return member.primary === step.from ? { ...member, primary: step.pod } : member;
    });
    return { ...before, members };
  },

  isDone(step, now) {
    const member = memberOf(now, step.pod);
    return member?.role === 'primary' && !isEmpty(member.slots) && memberOf(now, step.from)?.primary === step.pod;
  },

  covers: (approved, now) => approved.pod === now.pod && approved.from === now.from,

  words: (step) => `Fail over from ${step.from} to its replica ${step.pod}`,

  rename: (step, name) => ({ ...step, pod: name(step.pod), from: name(step.from) }),

  read({ pod, from }) {
    return isName(pod) && isName(from) ? { kind: 'fail-over', pod, from } : null;
  },
};
