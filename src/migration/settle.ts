import { contains, each, minus, type SlotSet, slotsOfNumbers } from '../core/slots.ts';
import { answerTo, ask, refusal, STEADY } from '../ports/ask.ts';
import type { Clock } from '../ports/clock.ts';
import type { StepContext } from '../ports/context.ts';
import type { Command } from '../ports/redis.ts';
import { type View, viewOf } from '../ports/views.ts';
import { collect } from './collect.ts';
import { moveSlots } from './move.ts';
import { openPair, type Pair, type Side } from './pair.ts';
import { partyOf } from './parties.ts';
import { setSlots } from './setslot.ts';

export interface InDoubt {
  /** The pod that is to own the slots, with all their keys. */
  readonly owner: string;
  /** Another pod that owns, marks or holds keys of some of them. */
  readonly other: string;
  readonly slots: SlotSet;
}

/**
 * Brings slots in order between the pod that is to own them and one that has a part in them, as both say by now:
 * - on their way from the other to the owner, or owned by the other alone: moved, from wherever the move was cut off;
 * - owned by both: the other gives up (DELSLOTS, which keeps the keys) and sends what the owner lacks;
 * - keys at the other alone: sent likewise;
 * - marks alone: taken away.
 * redis-cli's `--cluster fix` does the same slot by slot.
 */
export async function settle(doubt: InDoubt, context: StepContext): Promise<void> {
  const { owner, other, slots } = doubt;
  const onTheWay = await withPair(doubt, context, async (pair) => {
    const [theirs, ours] = await views(pair);
    const both = [...each(slots)].filter((slot) => contains(theirs.me.slots, slot) && contains(ours.me.slots, slot));
    await giveUp(
      pair,
      both.filter((slot) => theirs.migrating.get(slot) !== pair.receiver.id),
    );
    return [...each(slots)].filter((slot) => isOnItsWay(slot, theirs, ours, pair));
  });
  if (onTheWay.length > 0) await moveSlots({ from: other, to: owner, slots: slotsOfNumbers(onTheWay) }, context);
  await withPair(doubt, context, async (pair) => {
    await claim(pair.receiver, slots, context.clock);
    const older = await collect(pair, [...each(slots)], context);
    if (older > 0) {
      const text = `${older} keys were on ${owner} and on ${other}, from where they were deleted: the owner's count.`;
      context.tell({ kind: 'note', text });
    }
    await closeMarks(pair.donor, slots, context.clock);
  });
}

/** Owned by the other and not by the owner; or let go by the other, and the owner has not heard that it is its own. */
function isOnItsWay(slot: number, theirs: View, ours: View, pair: Pair): boolean {
  if (contains(ours.me.slots, slot)) return theirs.migrating.get(slot) === pair.receiver.id;
  const isGiven = contains(theirs.nodes.get(pair.receiver.id)?.slots ?? [], slot);
  return contains(theirs.me.slots, slot) || (isGiven && ours.importing.has(slot));
}

/** The newer epoch makes all others believe the owner; without it the one that gave up would get its slots back by gossip. */
async function giveUp(pair: Pair, slots: readonly number[]): Promise<void> {
  if (slots.length === 0) return;
  await ask(pair.receiver.main, ['CLUSTER', 'BUMPEPOCH'], { signal: STEADY });
  for (const slot of slots) {
    const command: Command = ['CLUSTER', 'DELSLOTS', slot];
    const answer = await answerTo(pair.donor.main, command, { signal: STEADY });
    // The news of the newer epoch may have come first.
    if (!answer.ok && !/already unassigned/i.test(answer.error)) {
      throw refusal(pair.donor.pod.name, command, answer.error);
    }
  }
}

/**
 * Makes a server the owner of those slots that it does not own, whatever it has heard of them, and takes its marks away.
 * To be called once no other owns them. A new epoch makes the others believe it.
 */
export async function claim(side: Writable, slots: SlotSet, clock: Clock): Promise<void> {
  const view = await viewOf(side.main, { signal: STEADY });
  await setSlots(side, [...each(minus(slots, view.me.slots))], ['NODE', view.me.id], { clock });
  await ask(side.main, ['CLUSTER', 'BUMPEPOCH'], { signal: STEADY });
  await closeMarks(side, slots, clock);
}

type Writable = Pick<Side, 'pod' | 'main' | 'forSetSlot'>;

async function closeMarks(side: Writable, slots: SlotSet, clock: Clock): Promise<void> {
  const { migrating, importing } = await viewOf(side.main, { signal: STEADY });
  const marked = [...each(slots)].filter((slot) => migrating.has(slot) || importing.has(slot));
  await setSlots(side, marked, ['STABLE'], { clock });
}

async function views(pair: Pair): Promise<readonly [theirs: View, ours: View]> {
  return Promise.all([viewOf(pair.donor.main, { signal: STEADY }), viewOf(pair.receiver.main, { signal: STEADY })]);
}

async function withPair<T>(
  { owner, other }: InDoubt,
  context: StepContext,
  work: (pair: Pair) => Promise<T>,
): Promise<T> {
  await using pair = await openPair(partyOf(other, context), partyOf(owner, context), context);
  return await work(pair);
}
