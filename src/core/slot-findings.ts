import type { Member, Stranger } from './cluster.ts';
import type { Finding, FindingCode } from './findings.ts';
import { type Keeping, mayHoldSlots, wayBack } from './kept-volumes.ts';
import {
  ALL_SLOTS,
  contains,
  count,
  intersect,
  isEmpty,
  minus,
  print,
  type SlotSet,
  slotsOfNumbers,
  union,
} from './slots.ts';
import { keysInWords, listed, slotsInWords } from './wording.ts';

/** What is known of the owners of slots. */
export interface Ownership extends Keeping {
  readonly strangers: readonly Stranger[];
  /** What nodes own that do not answer now. */
  readonly silent?: SlotSet;
}

/**
 * A cluster that is still being made: no member holds a key and there is no node elsewhere that may, so that slots without
 * an owner have lost nothing. Where some have one, a pod that is gone may have owned the others, and its volume hold all keys.
 */
export function isNewborn(seen: Ownership): boolean {
  const { members, strangers, silent = [] } = seen;
  const joined = members.filter((member) => member.joined);
  if (mayHoldSlots(seen) && joined.some((member) => !isEmpty(member.slots))) return false;
  return strangers.length === 0 && isEmpty(silent) && joined.every((member) => member.facts.keys === 0);
}

/** Slots that nobody owns. None while nothing was ever stored: a creation that was interrupted goes on by itself. */
export function ownerlessSlots(seen: Ownership): SlotSet {
  const { members, strangers, silent = [] } = seen;
  if (isNewborn(seen) || !members.some((member) => member.joined)) return [];
  return minus(ALL_SLOTS, union(silent, ...[...members, ...strangers].map((owner) => owner.slots)));
}

/** Slots that more than one member says it owns. */
export function contestedSlots({ members }: Pick<Ownership, 'members'>): SlotSet {
  const owners = members.filter((member) => !isEmpty(member.slots));
  const all = union(...owners.map(({ slots }) => slots));
  if (count(all) === owners.reduce((sum, { slots }) => sum + count(slots), 0)) return [];
  let [seen, twice]: [SlotSet, SlotSet] = [[], []];
  for (const { slots } of owners) {
    twice = union(twice, intersect(seen, slots));
    seen = union(seen, slots);
  }
  return twice;
}

/** Slots of which a member marks that they are on their way. */
export function openSlots({ members }: Ownership): SlotSet {
  return slotsOfNumbers(members.flatMap((member) => (member.open ?? []).map(({ slot }) => slot)));
}

/** Slots of which only the keys tell whose they are: open, or without owner, or with several. */
export function slotsInDoubt(seen: Ownership): SlotSet {
  return union(openSlots(seen), contestedSlots(seen), ownerlessSlots(seen));
}

/**
 * Slots that are in order, and of which this member holds keys all the same, though another one owns them: or may hold,
 * where it does not tell.
 */
export function straySlots(seen: Ownership, member: Member): SlotSet {
  if (member.hides !== undefined) return minus(ALL_SLOTS, union(member.slots, slotsInDoubt(seen)));
  if (member.holds === undefined || member.holds.length === 0) return [];
  const held = slotsOfNumbers(member.holds.map(({ slot }) => slot));
  return minus(held, union(member.slots, slotsInDoubt(seen)));
}

/** The codes of what `slotFindings` finds. */
export const OF_SLOTS: readonly FindingCode[] = [
  'slots-without-owner',
  'slots-with-two-owners',
  'open-slots',
  'keys-elsewhere',
  'owner-not-known',
];

/** What is wrong with slots and their owners. Every one of these stands in the way of a plan that does not mend it. */
export function slotFindings(seen: Ownership): readonly Finding[] {
  return [...withoutOwner(seen), ...withTwoOwners(seen), ...open(seen), ...straying(seen), ...unknownOwners(seen)];
}

function blocks(code: Finding['code'], pods: readonly string[], text: string, remedy: string): Finding {
  return { code, weight: 'blocks', text, remedy, pods };
}

function about(slots: SlotSet, finding: Finding): Finding {
  return { ...finding, about: print(slots) };
}

function withoutOwner(seen: Ownership): readonly Finding[] {
  const lost = ownerlessSlots(seen);
  if (isEmpty(lost)) return [];
  const text = `No primary owns ${slotsInWords(lost)}: keys in them can be neither read nor written.`;
  return [about(lost, blocks('slots-without-owner', [], text, remedyForLost(seen)))];
}

function remedyForLost(seen: Keeping): string {
  const given = '`allow: assign-lost-slots` gives the slots to a primary, empty, once all pods answer.';
  const way = wayBack(seen);
  if (way === null) return `Bring back the pod that owned them with its volume; where its data is lost, ${given}`;
  return `${way.back}: ${way.claims}, and may hold their keys. ${way.away}; then ${given}`;
}

function withTwoOwners(seen: Ownership): readonly Finding[] {
  const contested = contestedSlots(seen);
  if (isEmpty(contested)) return [];
  const members = seen.members.filter((member) => !isEmpty(intersect(member.slots, contested)));
  return members.flatMap((member, i) =>
    members.slice(i + 1).flatMap((other) => {
      const both = intersect(member.slots, other.slots);
      if (isEmpty(both) || other.id === member.id) return [];
      const higher = member.configEpoch > other.configEpoch ? member : other;
      const text = `${member.pod} and ${other.pod} each say that they own ${slotsInWords(both)}; ${higher.pod} has the higher config epoch (${higher.configEpoch}).`;
      const remedy = 'Run apply: the one that holds more of their keys keeps them, with the keys of the other.';
      return [about(both, blocks('slots-with-two-owners', [member.pod, other.pod], text, remedy))];
    }),
  );
}

function open(seen: Ownership): readonly Finding[] {
  const marks = seen.members.flatMap((member) =>
    (['migrating', 'importing'] as const).flatMap((state) => marksOf(member, state)),
  );
  if (marks.length === 0) return [];
  const pods = [...new Set(marks.map((mark) => mark.pod))];
  const text = `A move of slots was interrupted: ${marks.map((mark) => mark.text).join('; ')}.`;
  const remedy = 'Make sure that nothing else moves slots now, then run apply: it ends the move.';
  return [about(openSlots(seen), blocks('open-slots', pods, text, remedy))];
}

function marksOf(member: Member, state: 'migrating' | 'importing'): readonly { pod: string; text: string }[] {
  const marks = (member.open ?? []).filter((mark) => mark.state === state);
  if (marks.length === 0) return [];
  const peers = [...new Set(marks.map((mark) => mark.peer ?? 'an unknown node'))];
  const slots = slotsInWords(slotsOfNumbers(marks.map((mark) => mark.slot)));
  return [
    {
      pod: member.pod,
      text: `${member.pod} is ${state} ${slots} ${state === 'migrating' ? 'to' : 'from'} ${listed(peers)}`,
    },
  ];
}

function straying(seen: Ownership): readonly Finding[] {
  return seen.members.flatMap((member): readonly Finding[] => {
    const remedy = 'Run apply: they go to the owner, unless it has a key of that name.';
    if (member.hides !== undefined) {
      const text = `${member.pod} holds ${keysInWords(member.hides)} that are of none of its own slots: nobody can read them there.`;
      return [blocks('keys-elsewhere', [member.pod], text, remedy)];
    }
    const slots = straySlots(seen, member);
    if (isEmpty(slots)) return [];
    const keys = (member.holds ?? []).reduce((sum, held) => sum + (contains(slots, held.slot) ? held.keys : 0), 0);
    const text = `${member.pod} holds ${keysInWords(keys)} of ${slotsInWords(slots)}, which others own: nobody can read them there.`;
    return [blocks('keys-elsewhere', [member.pod], text, remedy)];
  });
}

/** For seconds that is so after each move; it stays so where the owner before has the higher config epoch. */
function unknownOwners(seen: Ownership): readonly Finding[] {
  const doubtful = slotsInDoubt(seen);
  return seen.members.flatMap((member): readonly Finding[] => {
    const slots = minus(member.uncredited ?? [], doubtful);
    if (isEmpty(slots)) return [];
    const text = `${member.pod} owns ${slotsInWords(slots)} by its own word, and other members do not know that.`;
    const remedy = 'Run apply: it gives the owner a higher config epoch, so that all believe it.';
    return [about(slots, blocks('owner-not-known', [member.pod], text, remedy))];
  });
}
