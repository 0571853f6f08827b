import { Failure } from '../core/failure.ts';
import { each, intersect, isEmpty, minus, print, type SlotSet } from '../core/slots.ts';
import type { Clock } from '../ports/clock.ts';
import type { StepContext } from '../ports/context.ts';
import { ask, STEADY } from '../servers/ask.ts';
import { viewOf, viewsOfMembers } from '../servers/views.ts';
import type { Side } from './pair.ts';
import { type Settable, setSlots } from './setslot.ts';

type Writable = Pick<Side, 'pod' | 'main'>;

/**
 * Makes a server the owner of those slots that it does not own, whatever it has heard of them, and takes its marks away.
 * A new epoch makes the others believe it, and delete what keys they hold of slots that they own: so it throws
 * `changed-meanwhile` where another one, such as the replica that has taken over from the owner before, owns one.
 */
export async function claim(
  side: Writable,
  slots: SlotSet,
  context: Pick<StepContext, 'cluster' | 'redis' | 'clock'>,
): Promise<void> {
  await refuseOwnersBesides([side.pod.name], slots, context);
  const view = await viewOf(side.main, { signal: STEADY });
  await setSlots(carefully(side), [...each(minus(slots, view.me.slots))], ['NODE', view.me.id], context);
  await ask(side.main, ['CLUSTER', 'BUMPEPOCH'], { signal: STEADY });
  await closeMarks(side, slots, context.clock);
}

/** Takes the marks of slots away, importing or migrating. */
export async function closeMarks(side: Writable, slots: SlotSet, clock: Clock): Promise<void> {
  const { migrating, importing } = await viewOf(side.main, { signal: STEADY });
  const marked = [...each(slots)].filter((slot) => migrating.has(slot) || importing.has(slot));
  await setSlots(carefully(side), marked, ['STABLE'], { clock });
}

/** One after the other, as a server wants it that waits for its replicas. */
function carefully({ pod, main }: Writable): Settable {
  return { pod, waitsForReplicas: true, forSetSlot: [main] };
}

/** Asks all members for their own word. */
export async function refuseOwnersBesides(
  pods: readonly string[],
  slots: SlotSet,
  context: Pick<StepContext, 'cluster' | 'redis'>,
): Promise<void> {
  const others = context.cluster.members.filter((member) => member.joined && !pods.includes(member.pod));
  for (const [pod, { me }] of await viewsOfMembers(context, others, { signal: STEADY })) {
    const owned = intersect(me.slots, slots);
    if (isEmpty(owned)) continue;
    throw new Failure(
      'changed-meanwhile',
      `Cannot give slots ${print(slots)} to ${pods[0] ?? 'their owner'}: ${pod} owns ${print(owned)} by now, and would lose their keys.`,
      { remedy: 'Run plan to see who owns the slots now, then apply again.' },
    );
  }
}
