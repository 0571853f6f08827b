import { Failure } from '../core/failure.ts';
import { contains } from '../core/slots.ts';
import { STEADY } from '../servers/ask.ts';
import { type View, viewOf } from '../servers/views.ts';
import type { Pair, Side } from './pair.ts';

/** What is left to do with some slots, by what donor and receiver say of themselves. Empty lists: nothing. */
export interface SlotStates {
  /** Not owned by the receiver, nor on the way yet: nobody can have been sent to it with ASK. */
  readonly untouched: readonly number[];
  /**
   * Owned by the donor, which the receiver does not know: Redis binds no slot anew that it marks as importing, so when the
   * donor has taken over from another one it holds the slot for ownerless, and with it the whole cluster for down.
   */
  readonly unheard: readonly number[];
  /** Owned by the donor and not by the receiver: its keys are to be moved. */
  readonly toImport: readonly number[];
  /** Owned by the donor. */
  readonly atDonor: readonly number[];
  /** Owned by both: what the donor still holds of them may be older than what the receiver has. */
  readonly ownedTwice: readonly number[];
  /** Owned by the donor and marked by it as migrating: keys may have moved. */
  readonly begun: readonly number[];
  /** Owned by the donor and marked by it, the receiver or both. */
  readonly open: readonly number[];
  /**
   * Open, not owned by the receiver, and one of the two marks is missing or names the primary of before a failover: where keys have moved
   * clients do not find them, and what they write makes second copies.
   */
  readonly torn: readonly number[];
  /** Marked by the receiver as on the way to it. */
  readonly imported: readonly number[];
  /** Not owned by the receiver. */
  readonly toTake: readonly number[];
  /** Owned or marked by the donor. */
  readonly toGive: readonly number[];
}

/**
 * Asks both sides and sorts the slots. A run that was killed leaves any mixture of these; each has one way forward:
 * receiver says that it owns the slot, donor too → only the donor is told; donor gave it away, receiver does not know →
 * only the receiver is told (IMPORTING is still there, so it gets a new epoch); else the whole way.
 * Throws `changed-meanwhile` where a third node plays a part.
 */
export async function slotStates(pair: Pair, slots: readonly number[]): Promise<SlotStates> {
  const [donor, receiver] = await Promise.all([
    viewOf(pair.donor.main, { signal: STEADY }),
    viewOf(pair.receiver.main, { signal: STEADY }),
  ]);
  const states = slots.map((slot) => ({ slot, ...stateOf(slot, donor, receiver, pair) }));
  const those = (wanted: (state: (typeof states)[number]) => boolean): readonly number[] =>
    states.filter(wanted).map(({ slot }) => slot);
  return {
    untouched: those((state) => state.donorOwns && !state.receiverOwns && !state.migrating && !state.importing),
    unheard: those((state) => state.donorOwns && state.importing && !state.receiverKnows),
    toImport: those((state) => state.donorOwns && !state.receiverOwns),
    atDonor: those((state) => state.donorOwns),
    ownedTwice: those((state) => state.donorOwns && state.receiverOwns),
    begun: those((state) => state.donorOwns && state.migrating),
    open: those((state) => state.donorOwns && (state.migrating || state.importing)),
    torn: those((state) => state.donorOwns && !state.receiverOwns && state.torn),
    imported: those((state) => state.importing),
    toTake: those((state) => !state.receiverOwns),
    toGive: those((state) => state.donorOwns || state.migrating),
  };
}

function stateOf(slot: number, donor: View, receiver: View, pair: Pair) {
  const migratingTo = donor.migrating.get(slot);
  const importingFrom = receiver.importing.get(slot);
  if (migratingTo !== undefined && !isSide(migratingTo, pair.receiver, donor)) {
    throw third(slot, `${pair.donor.pod.name} is moving it to node ${migratingTo}`);
  }
  if (importingFrom !== undefined && !isSide(importingFrom, pair.donor, receiver)) {
    throw third(slot, `${pair.receiver.pod.name} is getting it from node ${importingFrom}`);
  }
  const donorOwns = contains(donor.me.slots, slot);
  const receiverOwns = contains(receiver.me.slots, slot);
  if (!donorOwns && !receiverOwns && !contains(donor.nodes.get(pair.receiver.id)?.slots ?? [], slot)) {
    throw third(slot, `neither ${pair.donor.pod.name} nor ${pair.receiver.pod.name} owns it`);
  }
  return {
    donorOwns,
    receiverOwns,
    migrating: migratingTo !== undefined,
    importing: importingFrom !== undefined,
    torn:
      (migratingTo ?? importingFrom) !== undefined &&
      !(migratingTo === pair.receiver.id && importingFrom === pair.donor.id),
    receiverKnows: receiverOwns || contains(receiver.nodes.get(pair.donor.id)?.slots ?? [], slot),
  };
}

/** Whether a mark names a side of the pair, be it by the node that was the primary of its shard before a failover. */
function isSide(id: string, side: Side, view: View): boolean {
  return side.shard.has(id) || view.nodes.get(id)?.primary === side.id;
}

function third(slot: number, seen: string): Failure {
  return new Failure(
    'changed-meanwhile',
    `Cannot move slot ${slot}: ${seen}. Moving it now could part it from its keys.`,
    {
      remedy: 'Run plan to see who owns the slot now, then apply again.',
    },
  );
}
