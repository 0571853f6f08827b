import { byOrdinal, type Cluster, memberOf, slotOwners } from '../../core/cluster.ts';
import { contains, count, print, slotsOfNumbers } from '../../core/slots.ts';
import type { When } from '../kind.ts';
import type { RepairSlots } from './shape.ts';

/** Who ends up with one open slot, and who else has a part in it. */
interface Ending {
  readonly slot: number;
  readonly owner: string;
  readonly others: readonly string[];
}

/**
 * Ends interrupted moves. An open slot goes forward to the pod that was getting it, whatever part of its keys has moved:
 * rolling back is refused by the donor while it is MIGRATING, and afterwards the moved keys would read as nil. Only where
 * nobody is getting it does the mark alone go (the target was reset or never got so far), on the pod that owns the slot.
 * Slots with more than one receiver, and receivers that are no pod, are left for a person: makePlan refuses them.
 */
export const whenOpen: When<RepairSlots> = (now) => {
  const endings = openSlotNumbers(now)
    .map((slot) => endingOf(slot, now))
    .filter((ending) => ending !== null);
  const groups = Map.groupBy(endings, ({ owner, others }) => [owner, ...others].join(' '));
  return Array.from(groups.values(), (group) => {
    const slots = slotsOfNumbers(group.map(({ slot }) => slot));
    const { owner = '', others = [] } = group[0] ?? {};
    return { kind: 'repair-slots', owner, others, slots: print(slots), count: count(slots) } as const;
  }).toSorted((a, b) => byOrdinal(a.owner, b.owner) || byOrdinal(a.others[0] ?? '', b.others[0] ?? ''));
};

function openSlotNumbers(now: Cluster): readonly number[] {
  const slots = now.members.flatMap((member) => (member.open ?? []).map((mark) => mark.slot));
  return [...new Set(slots)].toSorted((a, b) => a - b);
}

function endingOf(slot: number, now: Cluster): Ending | null {
  const marked = (state: 'migrating' | 'importing') =>
    now.members.flatMap((member) =>
      (member.open ?? [])
        .filter((mark) => mark.slot === slot && mark.state === state)
        .map((mark) => ({ pod: member.pod, peer: mark.peer })),
    );
  const [receiver, ...moreReceivers] = marked('importing');
  const [donor, ...moreDonors] = marked('migrating');
  const owner = slotOwners(now).find((member) => contains(member.slots, slot))?.pod ?? null;
  if (moreReceivers.length > 0 || moreDonors.length > 0) return null;
  if (receiver !== undefined) {
    const from = donor?.pod ?? (owner === receiver.pod ? receiver.peer : (owner ?? receiver.peer));
    if (from === null || memberOf(now, from) === undefined) return null;
    return { slot, owner: receiver.pod, others: [from] };
  }
  if (donor === undefined || owner === null) return null;
  // The receiver owns it already and only the donor's mark is left; or the receiver has no part in it any more.
  return owner === donor.pod ? { slot, owner, others: [] } : { slot, owner, others: [donor.pod] };
}
