import { memberOf, withMember } from '../../core/cluster.ts';
import { ALL_SLOTS } from '../../core/slots.ts';
import { isName } from '../fields.ts';
import type { StepKind } from '../kind.ts';
import { roleOf, slotsSeen } from '../seen.ts';

/** Makes a pod that owns no slots the replica of a primary, and waits until it has caught up. */
export interface Replicate {
  readonly kind: 'replicate';
  readonly pod: string;
  readonly primary: string;
}

export const replicate: StepKind<Replicate> = {
  facts: (step, before) => ({
    [`role of ${step.primary}`]: roleOf(before, step.primary),
    [`slots of ${step.pod}`]: slotsSeen(before, step.pod, ALL_SLOTS),
  }),

  after(step, before) {
    const { keys, dataset } = memberOf(before, step.primary)?.facts ?? { keys: 0, dataset: 0 };
    const facts = memberOf(before, step.pod)?.facts;
    const role = {
      role: 'replica',
      primary: step.primary,
      slots: [],
      synced: true,
      behind: false,
      outdatedLink: false,
    } as const;
    return withMember(before, step.pod, facts === undefined ? role : { ...role, facts: { ...facts, keys, dataset } });
  },

  isDone(step, now) {
    const member = memberOf(now, step.pod);
    return member?.joined === true && member.role === 'replica' && member.primary === step.primary && member.synced;
  },

  covers: (approved, now) => approved.pod === now.pod && approved.primary === now.primary,

  words: (step) => `Make ${step.pod} a replica of ${step.primary}`,

  rename: (step, name) => ({ ...step, pod: name(step.pod), primary: name(step.primary) }),

  read({ pod, primary }) {
    return isName(pod) && isName(primary) ? { kind: 'replicate', pod, primary } : null;
  },
};
