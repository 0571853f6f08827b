import { withMember } from '../../core/cluster.ts';
import { isName } from '../fields.ts';
import type { StepKind } from '../kind.ts';
import { roleOf } from '../seen.ts';

/** Lets the others meet a known node again at its new address. */
export interface RepairAddress {
  readonly kind: 'repair-address';
  readonly pod: string;
}

export const repairAddress: StepKind<RepairAddress> = {
  facts: (step, before) => ({ [`role of ${step.pod}`]: roleOf(before, step.pod) }),

  after: (step, before) => ({
    ...withMember(before, step.pod, { joined: true }),
    findings: before.findings.filter(
      (finding) => finding.code !== 'address-changed' || !finding.pods.includes(step.pod),
    ),
  }),

  isDone: (step, now) =>
    !now.findings.some((finding) => finding.code === 'address-changed' && finding.pods.includes(step.pod)),

  covers: (approved, now) => approved.pod === now.pod,

  words: (step) => `Let the members meet ${step.pod} at its new address`,

  rename: (step, name) => ({ ...step, pod: name(step.pod) }),

  read({ pod }) {
    return isName(pod) ? { kind: 'repair-address', pod } : null;
  },
};
