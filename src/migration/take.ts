import { STEADY } from '../ports/ask.ts';
import type { Command } from '../ports/redis.ts';
import type { Means } from './close.ts';
import type { Side } from './pair.ts';
import { refused, setSlots, setSlotTimeout } from './setslot.ts';
import type { SlotStates } from './slot-states.ts';

/** Fewer are told to everybody one by one. */
const FEWEST = 3;

/**
 * Makes the receiver the owner of slots. For each that it marks as importing it takes a newer epoch if it has not the newest, and
 * tells all nodes at once, each of which looks at all 16,384 slots then, 0.1 ms (`SETSLOT NODE` of cluster.c). Redis is therefore
 * asked to do so for the first and the last only, and to drop the mark of those between just before they become its own: it
 * has the newer epoch then, without which an older claim of the donor's would take them and their keys from it.
 * Valkey's SETSLOT waits for replicas, so that a second one a slot would cost more than it saves.
 * @param found says which of the slots the receiver marks
 */
export async function take(
  receiver: Side,
  slots: readonly number[],
  found: Pick<SlotStates, 'imported'>,
  means: Means,
): Promise<void> {
  const marked = new Set(found.imported);
  const silently = receiver.software === 'redis' ? slots.filter((slot) => marked.has(slot)) : [];
  const [first, last] = [silently[0], silently.at(-1)];
  if (first === undefined || last === undefined || silently.length < FEWEST) {
    await setSlots(receiver, slots, ['NODE', receiver.id], means);
    return;
  }
  const own = (slot: number): Command => ['CLUSTER', 'SETSLOT', slot, 'NODE', receiver.id];
  const commands = [
    own(first),
    ...silently.slice(1, -1).flatMap((slot): Command[] => [['CLUSTER', 'SETSLOT', slot, 'STABLE'], own(slot)]),
    own(last),
  ];
  const answers = await receiver.main.send(commands, { signal: STEADY, timeout: setSlotTimeout(0) });
  for (const [i, answer] of answers.entries()) {
    if (!answer.ok) throw refused(receiver, Number(commands[i]?.[2]), [String(commands[i]?.[3])], answer.error);
  }
  const rest = slots.filter((slot) => !marked.has(slot));
  await setSlots(receiver, rest, ['NODE', receiver.id], means);
}
