import { Failure } from '../core/failure.ts';
import { print, slotsOfNumbers } from '../core/slots.ts';
import { STEADY } from '../ports/ask.ts';
import type { Clock } from '../ports/clock.ts';
import { countKeys } from './count-keys.ts';
import { drain } from './drain.ts';
import type { Stride } from './pace.ts';
import type { Pair, Side } from './pair.ts';
import type { Progress } from './progress.ts';
import { setSlots } from './setslot.ts';
import { slotStates } from './slot-states.ts';

/** How long donor and receiver may take to say that a batch is done, after they were told so. */
const AGREEMENT = 5_000;

/**
 * Moves some slots together, phase by phase: each phase is done for all slots before the next begins, so that the servers
 * save their state a few times instead of once a slot. Goes on from whatever an earlier run left.
 * 1. the receiver: IMPORTING. 2. the donor: MIGRATING, from now on it sends clients of missing keys to the receiver.
 * 3. all keys. 4. the receiver: NODE. First, because were it lost after the donor let go, nobody would own the slot.
 * 5. the donor: NODE. The other nodes learn it by gossip, in milliseconds. 6. both are asked.
 * An empty slot skips only 3: a donor that loses a slot without MIGRATING deletes the keys that came meanwhile, and a
 * receiver without IMPORTING gets no new epoch.
 */
export async function moveBatch(
  pair: Pair,
  slots: readonly number[],
  work: { stride: Stride; progress: Progress; clock: Clock },
): Promise<void> {
  const { donor, receiver } = pair;
  const found = await slotStates(pair, slots);
  await refuseStrayKeys(pair, found.untouched);
  await setSlots(receiver, found.toImport, ['IMPORTING', donor.id], { ...work, tolerated: ['already-owner'] });
  await setSlots(donor, found.toDrain, ['MIGRATING', receiver.id], work);

  const drained = await drain(found.toDrain, { pair, ...work });
  if (drained.failure !== null) {
    throw await leaveInOrder(pair, slots, drained.empty, { ...work, failure: drained.failure });
  }
  await close(pair, slots, work.clock);
  work.progress.movedSlots(slots.length);
}

/** Tells the receiver, then the donor, that the slots are the receiver's, and sees both say so. */
async function close(pair: Pair, slots: readonly number[], clock: Clock): Promise<void> {
  const deadline = clock.now() + AGREEMENT;
  let { donor } = pair;
  let lost: Failure | null = null;
  for (let looks = 1; ; looks += 1) {
    const { toDrain, toTake, toGive } = await slotStates(pair, slots);
    if (toTake.length === 0 && toGive.length === 0) return;
    if (clock.now() > deadline) throw lost ?? notAgreed(pair, [...toTake, ...toGive], toDrain);
    if (looks > 1) await clock.sleep(20 * looks, { signal: STEADY });
    await setSlots(pair.receiver, toTake, ['NODE', pair.receiver.id], { clock });
    lost = await letGo(donor, toGive, pair.receiver.id, clock);
    if (lost !== null) donor = { ...donor, forSetSlot: [donor.main] };
  }
}

/**
 * Tells the donor. One that gives its last slot away turns replica of the receiver by itself, perhaps in the midst of
 * this: it has no marks then and wants no SETSLOT. Valkey moreover answers UNBLOCKED to those who wait, and closes their
 * connections; that is returned, since the next look tells what came of it.
 */
async function letGo(donor: Side, slots: readonly number[], receiver: string, clock: Clock): Promise<Failure | null> {
  const tolerated = ['only-primaries', 'unblocked', 'no-replicas'] as const;
  try {
    await setSlots(donor, slots, ['NODE', receiver], { clock, tolerated });
    return null;
  } catch (thrown) {
    if (thrown instanceof Failure && thrown.code === 'redis-unreachable') return thrown;
    throw thrown;
  }
}

/** A key that the receiver holds of a slot that it has no part in is a leftover: it would come back to life. */
async function refuseStrayKeys(pair: Pair, slots: readonly number[]): Promise<void> {
  const keys = await countKeys(pair, pair.receiver, slots);
  const stray = slots.filter((_, i) => (keys[i] ?? 0) > 0);
  if (stray.length === 0) return;
  throw new Failure(
    'migration-failed',
    `Cannot move slots ${print(slotsOfNumbers(stray))} to ${pair.receiver.pod.name}: it does not own them and yet holds keys of them, left over from an interrupted move. Keys that were deleted since would come back.`,
    { remedy: 'Look at these keys on that pod, delete them there, then run apply again.' },
  );
}

/**
 * After a failed MIGRATE: slots whose keys have all moved are finished; slots of which none has moved are closed again;
 * what is in between stays open, which clients do not notice, and is named.
 */
async function leaveInOrder(
  pair: Pair,
  slots: readonly number[],
  empty: readonly number[],
  { clock, failure }: { clock: Clock; failure: Failure },
): Promise<Failure> {
  await close(pair, empty, clock);
  const others = slots.filter((slot) => !empty.includes(slot));
  const open = await rollBack(pair, others, clock);
  if (open.length === 0) return failure;
  const left = print(slotsOfNumbers(open));
  return new Failure(failure.code, failure.message, {
    remedy: failure.remedy,
    details: [
      ...failure.details,
      `Slots ${left} stay open: their keys are partly on ${pair.receiver.pod.name}. Clients are served from both; the next apply goes on there.`,
    ],
    cause: failure,
  });
}

/**
 * Closes slots of which the receiver holds nothing, and returns those of which it holds keys. The receiver first: from
 * then on nobody can write there, so a slot counted empty is empty, and the donor may take it back. Clients that the
 * donor still sends over are sent back, for some milliseconds.
 */
async function rollBack(pair: Pair, slots: readonly number[], clock: Clock): Promise<readonly number[]> {
  const { toImport } = await slotStates(pair, slots);
  const holding = async () => {
    const keys = await countKeys(pair, pair.receiver, toImport);
    return toImport.filter((_, i) => (keys[i] ?? 0) > 0);
  };
  const begun = new Set(await holding());
  const candidates = toImport.filter((slot) => !begun.has(slot));
  await setSlots(pair.receiver, candidates, ['STABLE'], { clock });
  const late = new Set((await holding()).filter((slot) => !begun.has(slot)));
  await setSlots(pair.receiver, [...late], ['IMPORTING', pair.donor.id], { clock });
  await setSlots(
    pair.donor,
    candidates.filter((slot) => !late.has(slot)),
    ['STABLE'],
    { clock },
  );
  return [...begun, ...late].toSorted((a, b) => a - b);
}

function notAgreed(pair: Pair, slots: readonly number[], donors: readonly number[]): Failure {
  return new Failure(
    'migration-failed',
    `Cannot finish the move from ${pair.donor.pod.name} to ${pair.receiver.pod.name}: told that the slots are moved, the two do not say so. Slots ${print(slotsOfNumbers(slots))}; the donor still claims ${print(slotsOfNumbers(donors)) || 'none'}.`,
    { remedy: 'Look at both pods in status, then run apply again: it goes on from there.' },
  );
}
