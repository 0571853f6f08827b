import { Failure } from '../core/failure.ts';
import { print, slotsOfNumbers } from '../core/slots.ts';
import type { Clock } from '../ports/clock.ts';
import { removeCanaries } from './canary.ts';
import { close } from './close.ts';
import { collect } from './collect.ts';
import { countKeys } from './count-keys.ts';
import { drain } from './drain.ts';
import type { Draining } from './empty-slot.ts';
import { giveUp } from './give-up.ts';
import type { Begun } from './mover.ts';
import type { Means } from './pace.ts';
import { constantPace } from './pace.ts';
import type { Pair } from './pair.ts';
import { setSlots } from './setslot.ts';
import { type SlotStates, slotStates } from './slot-states.ts';

/**
 * Moves some slots together, phase by phase: each phase is done for all slots before the next begins, so that the servers
 * save their state a few times instead of once a slot. Goes on from whatever an earlier run left.
 * 1. the receiver: IMPORTING. 2. the donor: MIGRATING, from now on it sends clients of missing keys to the receiver.
 * 3. all keys. 4. the receiver: NODE. First, because were it lost after the donor let go, nobody would own the slot.
 * 5. the donor: NODE. The other nodes learn it by gossip, in milliseconds. 6. both are asked.
 * An empty slot skips only 3: a donor that loses a slot without MIGRATING deletes the keys that came meanwhile, and a
 * receiver without IMPORTING gets no new epoch.
 * Throws what a server refused or what was found by the way, or the reason of `stop`: slots are open then.
 */
export async function moveBatch(slots: readonly number[], work: Draining): Promise<void> {
  const { pair, progress, stop } = work;
  const failure = await openAndDrain(await slotStates(pair, slots), work);
  if (failure !== null) throw failure;
  stop.throwIfAborted();
  await close(pair, slots, work);
  progress.movedSlots(slots);
}

/**
 * Opens again what a failover has torn (`torn`), on one connection and before anything else: Redis' new primary knows nothing of
 * the marks of the old one.
 */
export async function reopen(pair: Pair, slots: readonly number[], { clock }: { clock: Clock }): Promise<void> {
  const means = { clock, pace: constantPace(), afterFailover: true };
  const { torn, unheard } = await slotStates(pair, slots);
  if (torn.length === 0) return;
  const isTorn = new Set(torn);
  const lost = unheard.filter((slot) => isTorn.has(slot));
  await mark(pair, { unheard: lost, toImport: torn }, means);
  await setSlots(pair.donor, torn, ['MIGRATING', pair.receiver.id], means);
}

/** Phase 1. */
async function mark(
  { donor, receiver }: Pair,
  found: Pick<SlotStates, 'unheard' | 'toImport'>,
  means: Means & { readonly afterFailover?: boolean },
): Promise<void> {
  await setSlots(receiver, found.unheard, ['NODE', donor.id], means);
  await setSlots(receiver, found.toImport, ['IMPORTING', donor.id], { ...means, tolerated: ['already-owner'] });
}

/** Phases 1 to 3. Returns what went wrong, be it refused by a server or found by the way. */
async function openAndDrain(found: SlotStates, work: Draining): Promise<Failure | null> {
  const { donor, receiver } = work.pair;
  try {
    for (const slot of found.untouched) work.begun.unseen.add(slot);
    await mark(work.pair, found, work);
    await refuseStrayKeysOf(found.untouched, work);
    await setSlots(donor, found.atDonor, ['MIGRATING', receiver.id], work);
    await sendRestOf(found.ownedTwice, work);
    return await drain(found.toImport, work);
  } catch (thrown) {
    if (thrown instanceof Failure && thrown.code !== 'redis-unreachable') return thrown;
    throw thrown;
  }
}

/**
 * A move that was cut off after the receiver was told leaves slots that both own, and none of their keys at the donor. Where a
 * script has written there since, the receiver's copy counts, which clients have been writing.
 */
async function sendRestOf(ownedTwice: readonly number[], { pair, clock, stop }: Draining): Promise<void> {
  const keys = await countKeys(pair, pair.donor, ownedTwice);
  const held = ownedTwice.filter((_, i) => (keys[i] ?? 0) > 0);
  if (held.length === 0) return;
  await giveUp(pair, held, clock);
  await collect(pair, held, { clock, stop });
}

/** Redis from 8.4 on counts the keys of slots that it marks, not of all others: so after IMPORTING, before anybody is sent there. */
async function refuseStrayKeysOf(slots: readonly number[], { pair, clock, begun }: Draining): Promise<void> {
  try {
    await refuseStrayKeys(pair, slots, clock);
  } catch (thrown) {
    if (thrown instanceof Failure && thrown.code === 'migration-failed') {
      await setSlots(pair.receiver, slots, ['STABLE'], { clock });
    }
    throw thrown;
  }
  for (const slot of slots) begun.unseen.delete(slot);
}

/** The same where connections were lost between the mark and the look: these slots are as if nothing had been done to them. */
export async function lookIntoUnseen(
  pair: Pair,
  { unseen }: Pick<Begun, 'unseen'>,
  { clock }: { readonly clock: Clock },
): Promise<void> {
  const { imported } = await slotStates(pair, [...unseen]);
  try {
    await refuseStrayKeys(pair, imported, clock);
  } finally {
    await setSlots(pair.receiver, imported, ['STABLE'], { clock, pace: constantPace() });
  }
  unseen.clear();
}

/** A key that the receiver holds of a slot that it has no part in is a leftover: it would come back to life. */
export async function refuseStrayKeys(pair: Pair, slots: readonly number[], clock: Clock): Promise<void> {
  const keys = await countKeys(pair, pair.receiver, slots);
  const held = slots.filter((_, i) => (keys[i] ?? 0) > 0);
  const stray = await removeCanaries(pair, held, clock);
  if (stray.length === 0) return;
  throw new Failure(
    'migration-failed',
    `Cannot move slots ${print(slotsOfNumbers(stray))} to ${pair.receiver.pod.name}: it does not own them and yet holds keys of them, left over from an interrupted move. Keys that were deleted since would come back.`,
    {
      remedy: `Compare these keys with those of ${pair.donor.pod.name}, which owns the slots: what that lacks may be the only copy, and belongs there before you delete it on ${pair.receiver.pod.name}. Then run apply again.`,
    },
  );
}
