import { asFailure, Failure } from '../core/failure.ts';
import { print, slotsOfNumbers } from '../core/slots.ts';
import { STEADY } from '../ports/ask.ts';
import type { Clock } from '../ports/clock.ts';
import { removeCanaries } from './canary.ts';
import { collect } from './collect.ts';
import { countKeys } from './count-keys.ts';
import { type Draining, drain } from './drain.ts';
import { giveUp } from './give-up.ts';
import type { Pace } from './pace.ts';
import type { Pair, Side } from './pair.ts';
import type { Progress } from './progress.ts';
import { setSlots } from './setslot.ts';
import { type SlotStates, slotStates } from './slot-states.ts';

/** Milliseconds that donor and receiver may take to say that a batch is done, after they were told so: on a busy machine each SETSLOT takes long. */
const AGREEMENT = 30_000;

interface Means {
  readonly clock: Clock;
  readonly pace: Pace;
}

/**
 * Moves some slots together, phase by phase: each phase is done for all slots before the next begins, so that the servers
 * save their state a few times instead of once a slot. Goes on from whatever an earlier run left.
 * 1. the receiver: IMPORTING. 2. the donor: MIGRATING, from now on it sends clients of missing keys to the receiver.
 * 3. all keys. 4. the receiver: NODE. First, because were it lost after the donor let go, nobody would own the slot.
 * 5. the donor: NODE. The other nodes learn it by gossip, in milliseconds. 6. both are asked.
 * An empty slot skips only 3: a donor that loses a slot without MIGRATING deletes the keys that came meanwhile, and a
 * receiver without IMPORTING gets no new epoch.
 * When told to stop it finishes the slots that are begun and closes the others, then throws the signal's reason.
 */
export async function moveBatch(slots: readonly number[], work: Draining): Promise<void> {
  const { pair, progress, stop } = work;
  const found = await slotStates(pair, slots);
  const failure = await openAndDrain(found, work);
  if (failure !== null) throw await leaveInOrder(pair, slots, failure, work);
  if (stop.aborted) throw await leaveInOrder(pair, slots, stop.reason, work);
  await close(pair, slots, work);
  progress.movedSlots(slots.length);
}

/** Phases 1 to 3. Returns what went wrong, be it refused by a server or found by the way. */
async function openAndDrain(found: SlotStates, work: Draining): Promise<Failure | null> {
  const { donor, receiver } = work.pair;
  try {
    await setSlots(receiver, found.unheard, ['NODE', donor.id], work);
    await setSlots(receiver, found.toImport, ['IMPORTING', donor.id], { ...work, tolerated: ['already-owner'] });
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

/**
 * Tells the receiver, then the donor, that the slots are the receiver's, a few slots at a time, and sees both say so. The
 * receiver tells each slot to every node at once, and each node looks at all 16,384 slots then, 0.1 ms: that the donor has
 * to answer before the next few come keeps this from piling up.
 */
async function close(pair: Pair, slots: readonly number[], means: Means): Promise<void> {
  const { clock } = means;
  const deadline = clock.now() + AGREEMENT;
  let { donor } = pair;
  let lost: Failure | null = null;
  for (let looks = 1; ; looks += 1) {
    const { atDonor, toTake, toGive } = await slotStates(pair, slots);
    if (toTake.length === 0 && toGive.length === 0) return;
    if (clock.now() > deadline) throw lost ?? notAgreed(pair, [...toTake, ...toGive], atDonor);
    if (looks > 1) await clock.sleep(20 * looks, { signal: STEADY });
    lost = null;
    for (let begin = 0; begin < slots.length; ) {
      const part = new Set(slots.slice(begin, begin + means.pace.stride().closeTogether));
      begin += part.size;
      const among = (slot: number): boolean => part.has(slot);
      await setSlots(pair.receiver, toTake.filter(among), ['NODE', pair.receiver.id], means);
      lost = (await letGo(donor, toGive.filter(among), pair.receiver.id, means)) ?? lost;
    }
    if (lost !== null) donor = { ...donor, forSetSlot: [donor.main] };
  }
}

/**
 * Tells the donor. One that gives its last slot away turns replica of the receiver by itself, perhaps in the midst of
 * this: it has no marks then and wants no SETSLOT. Valkey moreover answers UNBLOCKED to those who wait, and closes their
 * connections; that is returned, since the next look tells what came of it.
 */
async function letGo(donor: Side, slots: readonly number[], receiver: string, means: Means): Promise<Failure | null> {
  const tolerated = ['only-primaries', 'unblocked', 'no-replicas'] as const;
  try {
    await setSlots(donor, slots, ['NODE', receiver], { ...means, tolerated });
    return null;
  } catch (thrown) {
    if (thrown instanceof Failure && thrown.code === 'redis-unreachable') return thrown;
    throw thrown;
  }
}

/** Redis from 8.4 on counts the keys of slots that it marks, not of all others: so after IMPORTING, before anybody is sent there. */
async function refuseStrayKeysOf(slots: readonly number[], { pair, clock }: Draining): Promise<void> {
  try {
    await refuseStrayKeys(pair, slots, clock);
  } catch (thrown) {
    if (thrown instanceof Failure && thrown.code === 'migration-failed') {
      await setSlots(pair.receiver, slots, ['STABLE'], { clock });
    }
    throw thrown;
  }
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
    { remedy: 'Look at these keys on that pod, delete them there, then run apply again.' },
  );
}

/**
 * Leaves slots as they may stay, whatever happened to them: those whose keys have all moved are finished, those of which
 * none has moved are closed again. What is in between stays open, which clients do not notice, and is named.
 * Returns what is to be thrown: the reason, or with slots left open the same with their numbers.
 */
export async function leaveInOrder(
  pair: Pair,
  slots: readonly number[],
  reason: unknown,
  work: Means & { readonly progress: Progress },
): Promise<unknown> {
  const { atDonor, begun, open } = await slotStates(pair, slots);
  const keys = await countKeys(pair, pair.donor, begun);
  const emptied = new Set(begun.filter((_, i) => keys[i] === 0));
  const kept = new Set(atDonor.filter((slot) => !emptied.has(slot)));
  const finished = slots.filter((slot) => !kept.has(slot));
  await close(pair, finished, work);
  work.progress.movedSlots(finished.length);
  const stillOpen = await rollBack(
    pair,
    open.filter((slot) => kept.has(slot)),
    work,
  );
  if (stillOpen.length === 0) return reason;
  const failure = asFailure(reason);
  const left = print(slotsOfNumbers(stillOpen));
  const detail = `Slots ${left} stay open: their keys are partly on ${pair.receiver.pod.name}. Clients are served from both; the next apply goes on there.`;
  const { code, message, remedy, details } = failure;
  return new Failure(code, message, { remedy, details: [...details, detail], cause: reason });
}

/**
 * Closes slots of which the receiver holds nothing, and returns those of which it holds keys. The receiver first: from
 * then on nobody can write there, so a slot counted empty is empty, and the donor may take it back. Clients that the
 * donor still sends over are sent back, for some milliseconds.
 */
async function rollBack(pair: Pair, slots: readonly number[], means: Means): Promise<readonly number[]> {
  const { toImport } = await slotStates(pair, slots);
  const holding = async () => {
    const keys = await countKeys(pair, pair.receiver, toImport);
    return toImport.filter((_, i) => (keys[i] ?? 0) > 0);
  };
  const held = new Set(await holding());
  const candidates = toImport.filter((slot) => !held.has(slot));
  await setSlots(pair.receiver, candidates, ['STABLE'], means);
  const late = new Set((await holding()).filter((slot) => !held.has(slot)));
  await setSlots(pair.receiver, [...late], ['IMPORTING', pair.donor.id], means);
  const free = candidates.filter((slot) => !late.has(slot));
  await setSlots(pair.donor, free, ['STABLE'], means);
  return [...held, ...late].toSorted((a, b) => a - b);
}

function notAgreed(pair: Pair, slots: readonly number[], donors: readonly number[]): Failure {
  return new Failure(
    'migration-failed',
    `Cannot finish the move from ${pair.donor.pod.name} to ${pair.receiver.pod.name}: told that the slots are moved, the two do not say so. Slots ${print(slotsOfNumbers(slots))}; the donor still claims ${print(slotsOfNumbers(donors)) || 'none'}.`,
    { remedy: 'Look at both pods in status, then run apply again: it goes on from there.' },
  );
}
