import { Failure } from '../core/failure.ts';
import { print, slotsOfNumbers } from '../core/slots.ts';
import { STEADY } from '../servers/ask.ts';
import type { Means } from './pace.ts';
import type { Pair, Side } from './pair.ts';
import { setSlots } from './setslot.ts';
import { slotStates } from './slot-states.ts';
import { take } from './take.ts';

/** Milliseconds that donor and receiver may take to say that a batch is done, after they were told so: on a busy machine each SETSLOT takes long. */
const AGREEMENT = 30_000;
/** The same for a run that has only seconds left: what is not done by then the next one does. */
const AGREEMENT_IN_HURRY = 4_000;

/**
 * Tells the receiver, then the donor, that the slots are the receiver's, a few slots at a time, and sees both say so. What the
 * receiver tells all nodes costs them time: that the donor has to answer before the next few come keeps this from piling up.
 */
export async function close(
  pair: Pair,
  slots: readonly number[],
  means: Means,
  { inHurry = false }: { inHurry?: boolean } = {},
): Promise<void> {
  const { clock } = means;
  const deadline = clock.now() + (inHurry ? AGREEMENT_IN_HURRY : AGREEMENT);
  let { donor } = pair;
  let lost: Failure | null = null;
  for (let looks = 1; ; looks += 1) {
    const found = await slotStates(pair, slots);
    const { atDonor, toTake, toGive } = found;
    if (toTake.length === 0 && toGive.length === 0) return;
    if (clock.now() > deadline) throw lost ?? notAgreed(pair, [...toTake, ...toGive], atDonor);
    if (looks > 1) await clock.sleep(20 * looks, { signal: STEADY });
    lost = null;
    for (let begin = 0; begin < slots.length; ) {
      const part = new Set(slots.slice(begin, begin + partSize(pair, means)));
      begin += part.size;
      const among = (slot: number): boolean => part.has(slot);
      await take(pair.receiver, toTake.filter(among), found, means);
      lost = (await letGo(donor, toGive.filter(among), pair.receiver.id, means)) ?? lost;
    }
    if (lost !== null) donor = { ...donor, forSetSlot: [donor.main] };
  }
}

/** Where few of the slots are told to everybody, closing costs what opening does. */
function partSize({ receiver }: Pair, { pace }: Means): number {
  const { quickTogether, closeTogether } = pace.stride();
  return receiver.waitsForReplicas ? closeTogether : quickTogether;
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

function notAgreed(pair: Pair, slots: readonly number[], donors: readonly number[]): Failure {
  return new Failure(
    'migration-failed',
    `Cannot finish the move from ${pair.donor.pod.name} to ${pair.receiver.pod.name}: told that the slots are moved, the two do not say so. Slots ${print(slotsOfNumbers(slots))}; the donor still claims ${print(slotsOfNumbers(donors)) || 'none'}.`,
    { remedy: 'Look at both pods in status, then run apply again: it goes on from there.' },
  );
}
