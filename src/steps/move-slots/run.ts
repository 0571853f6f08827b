import { memberOf } from '../../core/cluster.ts';
import { Failure } from '../../core/failure.ts';
import { count, isEmpty, minus, parse, print } from '../../core/slots.ts';
import { moveSlots } from '../../migration/move.ts';
import type { StepContext } from '../../ports/context.ts';
import { untilAllSee } from '../../servers/views.ts';
import type { MoveSlots } from './shape.ts';

/** Moves the slots that the receiver does not own yet, then waits until every member sees them there. */
export async function run(step: MoveSlots, context: StepContext): Promise<void> {
  const slots = parse(step.slots);
  const receiver = memberOf(context.cluster, step.to);
  if (slots === null || receiver === undefined) {
    throw new Failure(
      'step-failed',
      `Cannot move slots ${step.slots} to ${step.to}: that pod's Redis does not answer.`,
      {
        remedy: 'Look at the pod, then run apply again.',
      },
    );
  }
  const id = await moveSlots({ from: step.from, to: step.to, slots }, context);
  // The news takes milliseconds; but 1,000 members are asked for a while.
  const every = 5 + context.cluster.members.length;
  const wait = { for: `all members to see slots ${step.slots} on ${step.to}`, seconds: 60, every };
  await untilAllSee(context, wait, (view) => {
    const missing = minus(slots, view.nodes.get(id)?.slots ?? []);
    return isEmpty(missing) ? null : `slots ${print(missing)} elsewhere`;
  });
  const holder = context.cluster.members.find((member) => member.id === id)?.pod ?? step.to;
  const words = `${count(slots)} slots are on ${holder}, with no slot open and nothing left on ${step.from}.`;
  context.tell({ kind: 'verified', text: words });
}
