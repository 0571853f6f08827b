import { Failure } from '../core/failure.ts';
import { print, slotsOfNumbers } from '../core/slots.ts';
import { STEADY } from '../ports/ask.ts';
import type { Clock } from '../ports/clock.ts';
import type { Pace } from './pace.ts';
import type { Pair, Side } from './pair.ts';
import { setSlots } from './setslot.ts';
import { slotStates } from './slot-states.ts';

/** Milliseconds that donor and receiver may take to say that a batch is done, after they were told so: on a busy machine each SETSLOT takes long. */
const AGREEMENT = 30_000;

export interface Means {
  readonly clock: Clock;
  readonly pace: Pace;
}

/**
 * Tells the receiver, then the donor, that the slots are the receiver's, a few slots at a time, and sees both say so. The
 * receiver tells each slot to every node at once, and each node looks at all 16,384 slots then, 0.1 ms: that the donor has
 * to answer before the next few come keeps this from piling up.
 */
export async function close(pair: Pair, slots: readonly number[], means: Means): Promise<void> {
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

function notAgreed(pair: Pair, slots: readonly number[], donors: readonly number[]): Failure {
  return new Failure(
    'migration-failed',
    `Cannot finish the move from ${pair.donor.pod.name} to ${pair.receiver.pod.name}: told that the slots are moved, the two do not say so. Slots ${print(slotsOfNumbers(slots))}; the donor still claims ${print(slotsOfNumbers(donors)) || 'none'}.`,
    { remedy: 'Look at both pods in status, then run apply again: it goes on from there.' },
  );
}
