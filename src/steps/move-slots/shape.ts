import { memberOf, type ServerFacts } from '../../core/cluster.ts';
import { count, intersect, minus, parse, print, union } from '../../core/slots.ts';
import { isName, isNumber } from '../fields.ts';
import type { StepKind } from '../kind.ts';
import { isWithin, owns, roleOf, slotsOf, slotsSeen, slotWords } from '../seen.ts';

/** Moves slots with their keys from one primary to another while clients go on. */
export interface MoveSlots {
  readonly kind: 'move-slots';
  readonly from: string;
  readonly to: string;
  readonly slots: string;
  readonly count: number;
}

export const moveSlots: StepKind<MoveSlots> = {
  facts: (step, before) => ({
    [`slots of ${step.from}`]: slotsSeen(before, step.from, slotsOf(step.slots)),
    [`role of ${step.to}`]: roleOf(before, step.to),
  }),

  after(step, before) {
    const from = memberOf(before, step.from);
    if (from === undefined) return before;
    const moving = intersect(from.slots, slotsOf(step.slots));
    const share = count(moving) / Math.max(1, count(from.slots));
    const load = { keys: Math.round(from.facts.keys * share), dataset: Math.round(from.facts.dataset * share) };
    const members = before.members.map((member) => {
      if (member.pod === step.from || member.primary === step.from) {
        return { ...member, slots: minus(member.slots, moving), facts: plus(member.facts, load, -1) };
      }
      if (member.pod === step.to) {
        return { ...member, slots: union(member.slots, moving), facts: plus(member.facts, load, 1) };
      }
      return member.primary === step.to ? { ...member, facts: plus(member.facts, load, 1) } : member;
    });
    return { ...before, members };
  },

  isDone: (step, now) => owns(now, step.to, slotsOf(step.slots)),

  covers: (approved, now) =>
    approved.from === now.from && approved.to === now.to && isWithin(now.slots, approved.slots),

  words: (step) => `Move ${slotWords(step)} from ${step.from} to ${step.to}`,

  rename: (step, name) => ({ ...step, from: name(step.from), to: name(step.to) }),

  read({ from, to, slots, count: size }) {
    if (!isName(from) || !isName(to) || !isName(slots) || !isNumber(size)) return null;
    const set = parse(slots);
    if (set === null || count(set) !== size) return null;
    return { kind: 'move-slots', from, to, slots: print(set), count: size };
  },
};

/** Keys are taken to lie evenly in the slots: only display and estimates rest on it. */
function plus(facts: ServerFacts, load: { keys: number; dataset: number }, sign: 1 | -1): ServerFacts {
  return {
    ...facts,
    keys: Math.max(0, facts.keys + sign * load.keys),
    dataset: Math.max(0, facts.dataset + sign * load.dataset),
  };
}
