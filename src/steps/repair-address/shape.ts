import type { Finding, FindingCode } from '../../core/findings.ts';
import { isName } from '../fields.ts';
import type { StepKind } from '../kind.ts';
import { roleOf } from '../seen.ts';

/** Lets the others meet a member again, be it that they have its old address or have forgotten it. */
export interface RepairAddress {
  readonly kind: 'repair-address';
  readonly pod: string;
}

export const repairAddress: StepKind<RepairAddress> = {
  facts: (step, before) => ({ [`role of ${step.pod}`]: roleOf(before, step.pod) }),

  after(step, before) {
    const left = before.findings.filter((finding) => !isApart(finding, step.pod));
    const isWhole = !left.some(({ code }) => APART.includes(code));
    if (!isWhole) return { ...before, findings: left };
    const members = before.members.map((member) => ({ ...member, uncredited: [] }));
    return { ...before, members, findings: left.filter(({ code }) => !OF_PARTS.includes(code)) };
  },

  isDone: (step, now) => !now.findings.some((finding) => isApart(finding, step.pod)),

  covers: (approved, now) => approved.pod === now.pod,

  words: (step) => `Let the members meet ${step.pod} again`,

  rename: (step, name) => ({ ...step, pod: name(step.pod) }),

  read({ pod }) {
    return isName(pod) ? { kind: 'repair-address', pod } : null;
  },
};

const APART: readonly FindingCode[] = ['address-changed', 'node-not-known'];

/** What comes of members not reaching each other; whatever else is behind it is seen when all of them do. */
const OF_PARTS: readonly FindingCode[] = [
  'views-differ',
  'owner-not-known',
  'node-failing',
  'cluster-down',
  'replica-not-synced',
  'link-down',
];

function isApart(finding: Finding, pod: string): boolean {
  return APART.includes(finding.code) && finding.pods.includes(pod);
}
