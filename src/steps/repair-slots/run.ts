import { each } from '../../core/slots.ts';
import { closeMarks } from '../../migration/close-marks.ts';
import { moveSlots } from '../../migration/move.ts';
import type { StepContext } from '../../ports/context.ts';
import { untilAllSee } from '../../ports/views.ts';
import { slotsOf } from '../seen.ts';
import type { RepairSlots } from './shape.ts';

/** Ends the interrupted move: forward as a move that goes on, or by taking away a mark that nobody answers to. */
export async function run(step: RepairSlots, context: StepContext): Promise<void> {
  const slots = slotsOf(step.slots);
  const [from] = step.others;
  if (from === undefined) await closeMarks(step.owner, slots, context);
  else await moveSlots({ from, to: step.owner, slots }, context);
  const wanted = [...each(slots)];
  await untilAllSee(context, { for: `no slot of ${step.slots} to be open`, seconds: 30 }, (view, pod) => {
    const open = wanted.filter((slot) => view.migrating.has(slot) || view.importing.has(slot));
    return open.length === 0 ? null : `slots ${open.join(', ')} still open on ${pod}`;
  });
  context.tell({ kind: 'verified', text: `The interrupted move of slots ${step.slots} has ended on ${step.owner}.` });
}
