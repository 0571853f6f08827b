import type { Command } from '../ports/redis.ts';
import { STEADY } from '../servers/ask.ts';
import type { Means } from './pace.ts';
import type { Side } from './pair.ts';
import { refused, setSlots, setSlotTimeout } from './setslot.ts';
import { type Setting, setByScript } from './setslot-script.ts';
import type { SlotStates } from './slot-states.ts';

/** Fewer are told to everybody one by one. */
const FEWEST = 3;

/**
 * Makes the receiver the owner of slots. For each that it marks as importing it takes a newer epoch if it has not the newest, and
 * tells all nodes at once, each of which looks at all 16,384 slots then, 0.1 ms (`SETSLOT NODE` of cluster.c). It is therefore
 * asked to do so for the first and the last only, and to drop the mark of those between just before they become its own: it
 * has the newer epoch then, without which an older claim of the donor's would take them and their keys from it.
 * Where SETSLOT waits for replicas a second one a slot would cost more than it saves.
 * @param found says which of the slots the receiver marks
 */
export async function take(
  receiver: Side,
  slots: readonly number[],
  found: Pick<SlotStates, 'imported'>,
  means: Means,
): Promise<void> {
  const marked = new Set(found.imported);
  const silently = receiver.waitsForReplicas ? [] : slots.filter((slot) => marked.has(slot));
  const [first, last] = [silently[0], silently.at(-1)];
  if (first === undefined || last === undefined || silently.length < FEWEST) {
    await setSlots(receiver, slots, ['NODE', receiver.id], means);
    return;
  }
  const settings: readonly Setting[] = [
    [first, 'NODE'],
    ...silently.slice(1, -1).flatMap((slot): readonly Setting[] => [
      [slot, 'STABLE'],
      [slot, 'NODE'],
    ]),
    [last, 'NODE'],
  ];
  const left = await setByScript(receiver, receiver.id, settings);
  if (left.length > 0) await setInOrder(receiver, settings);
  const rest = slots.filter((slot) => !marked.has(slot));
  await setSlots(receiver, rest, ['NODE', receiver.id], means);
}

async function setInOrder(receiver: Side, settings: readonly Setting[]): Promise<void> {
  const commands = settings.map(
    ([slot, state]): Command => ['CLUSTER', 'SETSLOT', slot, state, ...(state === 'NODE' ? [receiver.id] : [])],
  );
  const answers = await receiver.main.send(commands, { signal: STEADY, timeout: setSlotTimeout(0) });
  for (const [i, [slot, state]] of settings.entries()) {
    const answer = answers[i];
    if (answer?.ok !== true) throw refused(receiver, slot, [state], answer?.error ?? 'nothing');
  }
}
