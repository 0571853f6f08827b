import { byOrdinal, type Cluster, type Member, memberOf } from '../../core/cluster.ts';
import { slotsInDoubt, straySlots } from '../../core/slot-findings.ts';
import { contains, count, each, print, type SlotSet, slotsOfNumbers, union } from '../../core/slots.ts';
import type { Repair } from '../kind.ts';
import type { RepairSlots } from './shape.ts';

/**
 * Gives every slot that is in doubt one owner, who gets all keys of it, and takes the marks away. Who that is:
 * - A slot on its way goes on to the receiver where that may hold keys: rolling back is refused by the donor while it is
 *   MIGRATING, and afterwards the moved keys would read as nil. Redis forgets the marks of a primary that fails over
 *   (Valkey keeps them), so where one side has none, keys tell whether anything moved.
 * - Else the owner stays. Of several, and where there is none, it is who holds most keys.
 * A server that others do not know, and that claims slots of theirs, may have come back on an old volume: it is left alone.
 * Where others do not know the owner, that is all that is mended. Slots without owner of which nobody holds a key are lost: they are no matter of repair.
 */
export const whenInDoubt: Repair<RepairSlots> = (now) => {
  const unknown = now.members.map((member) => member.uncredited ?? []);
  const doubtful = endingsOf(union(slotsInDoubt(now), ...unknown), now);
  // Keys in the wrong place wait: where a server does not tell of which slots they are, they may belong to those.
  const strayed = now.members.map((member) => straySlots(now, member));
  return doubtful.length > 0 ? doubtful : endingsOf(union(...strayed), now);
};

function endingsOf(slots: SlotSet, now: Cluster): readonly RepairSlots[] {
  const apart = new Set(now.findings.flatMap(({ code, pods }) => (code === 'node-not-known' ? pods : [])));
  const isSettled = ({ owner, others }: Ending): boolean => ![owner, ...others].some((pod) => apart.has(pod));
  const endings = [...each(slots)]
    .map((slot) => endingOf(slot, now))
    .filter((ending) => ending !== null)
    .filter(isSettled);
  const groups = Map.groupBy(endings, ({ owner, others }) => [owner, ...others].join(' '));
  const due = Array.from(groups.values(), (group) => {
    const those = slotsOfNumbers(group.map(({ slot }) => slot));
    const { owner = '', others = [] } = group[0] ?? {};
    return { kind: 'repair-slots', owner, others, slots: print(those), count: count(those) } as const;
  }).toSorted((a, b) => byOrdinal(a.owner, b.owner) || byOrdinal(a.others[0] ?? '', b.others[0] ?? ''));
  return oneWay(due);
}

/** Those that can run at the same time: nobody gives and gets at once, for two servers that MIGRATE to each other block. */
function oneWay(due: readonly RepairSlots[]): readonly RepairSlots[] {
  const [givers, getters] = [new Set<string>(), new Set<string>()];
  return due.filter(({ owner, others }) => {
    if (others.length === 0) return true;
    if (givers.has(owner) || others.some((pod) => getters.has(pod))) return false;
    getters.add(owner);
    for (const pod of others) givers.add(pod);
    return true;
  });
}

/** Who ends up with one slot, and who else has a part in it. */
interface Ending {
  readonly slot: number;
  readonly owner: string;
  readonly others: readonly string[];
}

function endingOf(slot: number, now: Cluster): Ending | null {
  const parties = now.members.filter((member) => member.joined).map((member) => new Party(member, slot));
  const owner = ownerOf(parties, now);
  if (owner === null) return null;
  const others = parties.filter((party) => party.pod !== owner && party.hasPart).map(({ pod }) => pod);
  return { slot, owner, others: others.toSorted(byOrdinal) };
}

/** What one member has to do with one slot. */
class Party {
  readonly pod: string;
  readonly owns: boolean;
  /** Less than one: it may hold some, and does not tell of which slots. */
  readonly keys: number;
  /** The pod to which it gives the slot; null: to a node that is no pod. */
  readonly givesTo: string | null | undefined;
  readonly takesFrom: string | null | undefined;
  readonly epoch: number;

  constructor(member: Member, slot: number) {
    const mark = (state: 'migrating' | 'importing') =>
      member.open?.find((one) => one.slot === slot && one.state === state)?.peer;
    this.pod = member.pod;
    this.owns = member.role === 'primary' && contains(member.slots, slot);
    const mayHold = member.hides === undefined || this.owns ? 0 : 1 - 1 / (1 + member.hides);
    this.keys = member.holds?.find((held) => held.slot === slot)?.keys ?? mayHold;
    this.givesTo = mark('migrating');
    this.takesFrom = mark('importing');
    this.epoch = member.configEpoch;
  }

  get hasPart(): boolean {
    return this.owns || this.keys > 0 || this.givesTo !== undefined || this.takesFrom !== undefined;
  }
}

function ownerOf(parties: readonly Party[], now: Cluster): string | null {
  const owners = parties.filter((party) => party.owns);
  const [owner] = owners;
  const takers = parties.filter((party) => party.takesFrom !== undefined && !party.owns);
  // The donor has let go, and the receiver has not heard that it owns the slot: nobody says so of himself.
  if (owner === undefined) return (takers.length === 1 ? takers[0] : richest(parties))?.pod ?? null;
  if (owners.length > 1) return contested(owners).pod;
  return receiverOf(owner, parties, takers, now) ?? owner.pod;
}

/** Of several owners: who was given the slot by another of them, else who holds most keys. */
function contested(owners: readonly Party[]): Party {
  const given = owners.find((party) => owners.some((other) => other.givesTo === party.pod));
  return given ?? owners.reduce((best, party) => (isRicher(party, best) ? party : best));
}

function isRicher(one: Party, other: Party): boolean {
  return one.keys > other.keys || (one.keys === other.keys && one.epoch > other.epoch);
}

/** Null where nobody holds a key. */
function richest(parties: readonly Party[]): Party | null {
  const holders = parties.filter(({ keys }) => keys > 0);
  return holders.length === 0 ? null : holders.reduce((best, party) => (isRicher(party, best) ? party : best));
}

/** The pod to which a slot that has one owner goes on; null: it stays. */
function receiverOf(owner: Party, parties: readonly Party[], takers: readonly Party[], now: Cluster): string | null {
  const target = owner.givesTo ?? null;
  if (takers.some(({ pod }) => pod === target)) return target;
  const successor = target === null ? null : (memberOf(now, target)?.primary ?? null);
  const candidates = parties.filter((party) => takers.includes(party) || [target, successor].includes(party.pod));
  return richest(candidates.filter((party) => party !== owner))?.pod ?? null;
}
