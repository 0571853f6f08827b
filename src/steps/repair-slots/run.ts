import { each, isEmpty, minus, print } from '../../core/slots.ts';
import { partyOf } from '../../migration/parties.ts';
import { settle } from '../../migration/settle.ts';
import type { StepContext } from '../../ports/context.ts';
import { untilAllSee } from '../../servers/views.ts';
import { slotsOf } from '../seen.ts';
import type { RepairSlots } from './shape.ts';

/** Settles the slots among all pods that have a part in them, and sees that all members agree. */
export async function run(step: RepairSlots, context: StepContext): Promise<void> {
  const slots = slotsOf(step.slots);
  const { member } = partyOf(step.owner, context);
  const settled = (): Promise<void> => settle({ owner: step.owner, others: step.others, slots }, context);
  await settled();
  const wanted = [...each(slots)];
  // Again, since a node that took a newer epoch at the same time may still be credited with the slots: see assign-slots.
  const wait = { for: `no slot of ${step.slots} to be open`, seconds: 30, again: settled };
  await untilAllSee(context, wait, (view) => {
    // A replica of Valkey keeps a mark of which it did not hear the end; it serves by none.
    const isPrimary = view.me.role === 'primary';
    const open = wanted.filter((slot) => isPrimary && (view.migrating.has(slot) || view.importing.has(slot)));
    if (open.length > 0) return `slots ${open.join(', ')} still open`;
    const missing = minus(slots, view.nodes.get(member.id)?.slots ?? []);
    return isEmpty(missing) ? null : `slots ${print(missing)} elsewhere`;
  });
  context.tell({ kind: 'verified', text: `Slots ${step.slots} have one owner, ${step.owner}, and no mark.` });
}
