import { memberOf, type Pod, podOf } from '../../core/cluster.ts';
import { Failure } from '../../core/failure.ts';
import { hasOutdatedLink } from '../../core/outdated-link.ts';
import { isEmpty, print } from '../../core/slots.ts';
import type { StepContext } from '../../ports/context.ts';
import type { Command } from '../../ports/redis.ts';
import { answerTo, refusal } from '../../servers/ask.ts';
import { refuseIfOnlyCopy } from '../../servers/only-copy.ts';
import { untilOnPodsNow } from '../../servers/pods-now.ts';
import { infoOf, untilSynced } from '../../servers/replication.ts';
import { untilAllSee, viewOf } from '../../servers/views.ts';
import type { Replicate } from './shape.ts';

/** A full sync of a large shard takes minutes. */
const SYNC_SECONDS = 20 * 60;

/** Makes the pod a replica of the primary, waits until it has caught up and all members see it so. */
export async function run(step: Replicate, context: StepContext): Promise<void> {
  const pod = podOf(context.cluster, step.pod);
  const primaryPod = podOf(context.cluster, step.primary);
  const primary = memberOf(context.cluster, step.primary);
  if (pod === undefined || primaryPod === undefined || primary === undefined) {
    throw failed(step, 'one of the two is not there, or its Redis does not answer.');
  }
  const id = await pointAt(step, pod, primary.id, context);
  await untilSynced(
    context,
    { for: `${step.pod} to copy the data of ${step.primary}`, seconds: SYNC_SECONDS },
    { replica: pod, primary: primaryPod },
  );
  await untilAllSee(
    context,
    { for: `all members to see ${step.pod} as replica of ${step.primary}`, seconds: 60 },
    (view) => {
      const seen = view.nodes.get(id);
      if (seen === undefined) return `${step.pod} is not known`;
      return seen.primary === primary.id ? null : `${step.pod} as ${seen.primary ?? 'a primary'}`;
    },
  );
  context.tell({ kind: 'verified', text: `${step.pod} is a replica of ${step.primary} and has caught up.` });
}

/** Says REPLICATE unless it is so, again while the pod does not know the primary yet; gives the pod's node id. */
async function pointAt(step: Replicate, before: Pod, primary: string, context: StepContext): Promise<string> {
  const { stop: signal } = context;
  const remedy =
    'Run apply again. A replica that goes on looking elsewhere finds its primary when its pod is deleted and starts anew.';
  const wait = { for: `${step.pod} to know ${step.primary}`, seconds: 60, remedy };
  return untilOnPodsNow(context, wait, async (cluster) => {
    const pod = podOf(cluster, step.pod) ?? before;
    const connection = await context.redis.connection(pod, { signal });
    const view = await viewOf(connection, { signal });
    const { me } = view;
    const info = await infoOf(pod, context);
    const isOutdated = me.primary === primary && hasOutdatedLink(info, view);
    if (me.primary === primary && !isOutdated) return { done: true, value: me.id };
    if (!isEmpty(me.slots)) throw failed(step, `it owns slots ${print(me.slots)}, whose keys would be lost.`);
    if (me.primary !== primary) refuseIfOnlyCopy(step.pod, view);
    const command: Command = ['CLUSTER', 'REPLICATE', primary];
    const answer = await answerTo(connection, command, { signal });
    if (answer.ok && isOutdated) return { done: false, seen: `it looks for it at ${info.primaryAddress}` };
    if (answer.ok) return { done: true, value: me.id };
    if (/node must be empty/i.test(answer.error)) throw await notEmpty(step, pod, context, answer.error);
    // Gossip has not told it the other node, or that it is a primary.
    if (/unknown node|only replicate a (master|primary)/i.test(answer.error))
      return { done: false, seen: answer.error };
    throw refusal(step.pod, command, answer.error);
  });
}

/** A primary that was drained and still holds keys: they belong to slots that others own, and nobody can read them. */
async function notEmpty(step: Replicate, pod: Pod, context: StepContext, error: string): Promise<Failure> {
  const { keys } = await infoOf(pod, context);
  return failed(
    step,
    `it owns no slots and yet holds ${keys} keys, which becoming a replica would throw away; the server says "${error}".`,
  );
}

function failed(step: Replicate, why: string): Failure {
  return new Failure('step-failed', `Cannot make ${step.pod} a replica of ${step.primary}: ${why}`, {
    remedy: 'Look at the pod. Keys that nobody needs are deleted there by hand (FLUSHALL); then run apply again.',
  });
}
