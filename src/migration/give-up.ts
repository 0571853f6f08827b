import type { Clock } from '../ports/clock.ts';
import { ask, STEADY } from '../servers/ask.ts';
import { constantPace } from './pace.ts';
import type { Pair } from './pair.ts';
import { setSlots } from './setslot.ts';

/**
 * Ends that donor and receiver both own slots: the donor gives them up and keeps its keys, which `collect` sends over.
 * - DELSLOTS first: a server that hears of a newer owner of a slot of its own deletes the keys; of one that is not its own
 *   it does not (dirty slots, clusterUpdateSlotsConfigWith of cluster.c).
 * - NODE, since a slot without owner has all clients of the donor refused, and MIGRATE too. With keys there it is allowed
 *   only because the slot is not its own any more.
 * - IMPORTING, so that nothing that is heard changes the slot while its keys are sent.
 * The receiver is to get a newer epoch once all have given up: without it others go on taking the slots for the donor's.
 */
export async function giveUp(pair: Pair, slots: readonly number[], clock: Clock): Promise<void> {
  if (slots.length === 0) return;
  const { donor, receiver } = pair;
  const pace = { clock, pace: constantPace() };
  await ask(donor.main, ['CLUSTER', 'DELSLOTS', ...slots], { signal: STEADY });
  await setSlots(donor, slots, ['NODE', receiver.id], pace);
  await setSlots(donor, slots, ['IMPORTING', receiver.id], pace);
}
