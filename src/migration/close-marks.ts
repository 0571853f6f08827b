import { podOf } from '../core/cluster.ts';
import { Failure } from '../core/failure.ts';
import { each, type SlotSet } from '../core/slots.ts';
import { ask, STEADY } from '../ports/ask.ts';
import type { StepContext } from '../ports/context.ts';

/**
 * Takes away the marks of slots that their owner was giving to a node which has no part in them (SETSLOT STABLE): all
 * keys are still where they were.
 * Throws `changed-meanwhile` when the pod is gone.
 */
export async function closeMarks(owner: string, slots: SlotSet, context: StepContext): Promise<void> {
  const pod = podOf(context.cluster, owner);
  if (pod === undefined) {
    throw new Failure('changed-meanwhile', `Cannot close slots on ${owner}: the pod is not there any more.`, {
      remedy: 'Run plan to see the cluster as it is now.',
    });
  }
  const connection = await context.redis.connection(pod, { signal: context.stop });
  for (const slot of each(slots)) await ask(connection, ['CLUSTER', 'SETSLOT', slot, 'STABLE'], { signal: STEADY });
}
