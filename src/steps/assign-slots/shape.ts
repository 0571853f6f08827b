import { memberOf, withMember } from '../../core/cluster.ts';
import { ALL_SLOTS, count, isEmpty, parse, print, union } from '../../core/slots.ts';
import { isName, isNumber } from '../fields.ts';
import type { StepKind } from '../kind.ts';
import { isWithin, owns, roleOf, slotsOf, slotWords, withoutOwner } from '../seen.ts';

/** Gives slots that nobody owns and of which nobody holds a key to a primary. */
export interface AssignSlots {
  readonly kind: 'assign-slots';
  readonly pod: string;
  readonly slots: string;
  readonly count: number;
}

export const assignSlots: StepKind<AssignSlots> = {
  facts: (step, before) => ({
    [`role of ${step.pod}`]: roleOf(before, step.pod),
    'without owner': print(withoutOwner(before, slotsOf(step.slots))),
  }),

  after(step, before) {
    const slots = union(memberOf(before, step.pod)?.slots ?? [], slotsOf(step.slots));
    const after = withMember(before, step.pod, { slots });
    const isWhole = isEmpty(withoutOwner(after, ALL_SLOTS));
    return { ...after, findings: after.findings.filter(({ code }) => !isWhole || code !== 'slots-without-owner') };
  },

  isDone: (step, now) => owns(now, step.pod, slotsOf(step.slots)),

  covers: (approved, now) => approved.pod === now.pod && isWithin(now.slots, approved.slots),

  words: (step) => `Assign ${slotWords(step)} to ${step.pod}`,

  rename: (step, name) => ({ ...step, pod: name(step.pod) }),

  read({ pod, slots, count: size }) {
    if (!isName(pod) || !isName(slots) || !isNumber(size)) return null;
    const set = parse(slots);
    if (set === null || count(set) !== size) return null;
    return { kind: 'assign-slots', pod, slots: print(set), count: size };
  },
};
