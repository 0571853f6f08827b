import { byOrdinal } from '../../core/cluster.ts';
import { OF_SLOTS, slotFindings, slotsInDoubt } from '../../core/slot-findings.ts';
import { contains, count, intersect, isEmpty, minus, parse, print, union } from '../../core/slots.ts';
import { isName, isNames, isNumber } from '../fields.ts';
import type { StepKind } from '../kind.ts';
import { isWithin, owns, slotsOf, slotsSeen, slotWords } from '../seen.ts';

/** Gives slots that are in doubt one owner, with all their keys: ends an interrupted move, settles who of two owns them. */
export interface RepairSlots {
  readonly kind: 'repair-slots';
  /** The pod that owns the slots afterwards. */
  readonly owner: string;
  /** The other pods that own, mark or hold keys of these slots, by ordinal. */
  readonly others: readonly string[];
  readonly slots: string;
  readonly count: number;
}

export const repairSlots: StepKind<RepairSlots> = {
  facts(step, before) {
    const slots = slotsOf(step.slots);
    const pods = [step.owner, ...step.others];
    return Object.fromEntries(pods.map((pod) => [`slots of ${pod}`, slotsSeen(before, pod, slots)]));
  },

  after(step, before) {
    const slots = slotsOf(step.slots);
    // What a server hides is looked for only where no slot is in doubt any more.
    const isInDoubt = !isEmpty(intersect(slots, slotsInDoubt(before)));
    const members = before.members.map((member) => {
      const isOwner = member.pod === step.owner;
      if (!isOwner && !step.others.includes(member.pod)) return member;
      const open = (member.open ?? []).filter((mark) => !contains(slots, mark.slot));
      const holds = (member.holds ?? []).filter((held) => !contains(slots, held.slot));
      const { hides, ...known } = member;
      const uncredited = minus(member.uncredited ?? [], slots);
      return {
        ...known,
        ...((isOwner || isInDoubt) && hides !== undefined ? { hides } : {}),
        open,
        holds,
        uncredited,
        slots: isOwner ? union(member.slots, slots) : minus(member.slots, slots),
      };
    });
    const after = { ...before, members };
    return {
      ...after,
      findings: [...before.findings.filter(({ code }) => !OF_SLOTS.includes(code)), ...slotFindings(after)],
    };
  },

  isDone(step, now) {
    const slots = slotsOf(step.slots);
    const isOpen = now.members.some((member) => (member.open ?? []).some((mark) => contains(slots, mark.slot)));
    return !isOpen && owns(now, step.owner, slots);
  },

  covers(approved, now) {
    const pods = new Set([approved.owner, ...approved.others]);
    const same = approved.owner === now.owner && now.others.every((pod) => pods.has(pod));
    return same && isWithin(now.slots, approved.slots);
  },

  words(step) {
    const others = step.others.length === 0 ? '' : `, with ${step.others.join(', ')}`;
    return `Bring ${slotWords(step)} in order on ${step.owner}${others}`;
  },

  rename: (step, name) => ({
    ...step,
    owner: name(step.owner),
    others: step.others.map(name).toSorted(byOrdinal),
  }),

  read({ owner, others, slots, count: size }) {
    if (!isName(owner) || !isNames(others) || !isName(slots) || !isNumber(size)) return null;
    const set = parse(slots);
    if (set === null || count(set) !== size) return null;
    return { kind: 'repair-slots', owner, others, slots: print(set), count: size };
  },
};
