import { memberOf, podOf } from '../../core/cluster.ts';
import { Failure } from '../../core/failure.ts';
import { each, isEmpty, minus, print } from '../../core/slots.ts';
import { claim, settle } from '../../migration/settle.ts';
import type { StepContext } from '../../ports/context.ts';
import { untilAllSee } from '../../ports/views.ts';
import { slotsOf } from '../seen.ts';
import type { RepairSlots } from './shape.ts';

/** Settles the slots with each pod that has a part in them, one after the other: the first is the one that moves keys. */
export async function run(step: RepairSlots, context: StepContext): Promise<void> {
  const slots = slotsOf(step.slots);
  for (const other of step.others) await settle({ owner: step.owner, other, slots }, context);
  const [pod, owner] = [podOf(context.cluster, step.owner), memberOf(context.cluster, step.owner)];
  if (pod === undefined || owner === undefined) {
    throw new Failure(
      'changed-meanwhile',
      `Cannot bring slots ${step.slots} in order: ${step.owner} is not there any more.`,
      {
        remedy: 'Run plan to see the cluster as it is now.',
      },
    );
  }
  const main = await context.redis.connection(pod, { signal: context.stop });
  await claim({ pod, main, forSetSlot: [main] }, slots, context.clock);
  const wanted = [...each(slots)];
  await untilAllSee(context, { for: `no slot of ${step.slots} to be open`, seconds: 30 }, (view) => {
    const open = wanted.filter((slot) => view.migrating.has(slot) || view.importing.has(slot));
    if (open.length > 0) return `slots ${open.join(', ')} still open`;
    const missing = minus(slots, view.nodes.get(owner.id)?.slots ?? []);
    return isEmpty(missing) ? null : `slots ${print(missing)} elsewhere`;
  });
  context.tell({ kind: 'verified', text: `Slots ${step.slots} have one owner, ${step.owner}, and no mark.` });
}
