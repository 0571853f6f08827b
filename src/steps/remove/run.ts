import { type Member, memberOf, type Pod, podOf } from '../../core/cluster.ts';
import { Failure } from '../../core/failure.ts';
import { isEmpty, print } from '../../core/slots.ts';
import type { StepContext } from '../../ports/context.ts';
import { ask, STEADY } from '../../servers/ask.ts';
import { writeEmptinessIfBlank } from '../../servers/emptiness.ts';
import { forgetEverywhere } from '../../servers/forget.ts';
import { refuseIfOnlyCopy } from '../../servers/only-copy.ts';
import { infoOf } from '../../servers/replication.ts';
import { viewOf, viewsOfMembers } from '../../servers/views.ts';
import type { Remove } from './shape.ts';

/**
 * Resets the node, then lets all others forget its old id, and sees that nobody knows it. The reset comes first: a node
 * that is only forgotten still knows the others and comes back when their ban of 60 s ends.
 * Reset and forgetting are one: a stop in between waits for the end.
 */
export async function run(step: Remove, context: StepContext): Promise<void> {
  const pod = podOf(context.cluster, step.pod);
  const member = memberOf(context.cluster, step.pod);
  const others = context.cluster.members.filter((other) => other.joined && other.pod !== step.pod);
  if (pod !== undefined && member === undefined)
    throw failed(step, 'its Redis does not answer, so that nobody knows what it holds.');
  const ids = idsToForget(step, member, context);
  if (pod !== undefined && member?.joined === true) {
    await refuseIfNeeded(step, pod, context);
    await refuseIfFollowed(step, member, others, context);
    context.stop.throwIfAborted();
    await reset(pod, context);
  }
  try {
    if (pod !== undefined) await writeEmptinessIfBlank(pod, context);
  } finally {
    // Whatever keeps its files from being emptied: it was reset, and others would look for a node that is no more.
    await forgetEverywhere(ids, others, context);
  }
  context.tell({ kind: 'verified', text: `${step.pod} is out of the cluster: no member knows it any more.` });
}

/** The node's id; and, where a run was killed after the reset, the one that it had before and that others still know. */
function idsToForget(step: Remove, member: Member | undefined, context: StepContext): readonly string[] {
  const former = context.cluster.strangers.filter((stranger) => stranger.ghostOf === step.pod);
  const owner = former.find((stranger) => !isEmpty(stranger.slots));
  if (owner !== undefined) throw failed(step, `its former node ${owner.id} owns slots ${print(owner.slots)}.`);
  return [...(member?.joined === true ? [member.id] : []), ...former.map((stranger) => stranger.id)];
}

async function refuseIfNeeded(step: Remove, pod: Pod, context: StepContext): Promise<void> {
  const connection = await context.redis.connection(pod, { signal: context.stop });
  const view = await viewOf(connection, { signal: context.stop });
  const { me } = view;
  if (!isEmpty(me.slots)) {
    throw failed(step, `it owns slots ${print(me.slots)}, which would be left without an owner.`);
  }
  refuseIfOnlyCopy(step.pod, view);
  const { role, keys } = await infoOf(pod, context);
  if (role === 'primary' && keys > 0) {
    throw failed(step, `it is a primary without slots that holds ${keys} keys, which would be lost.`);
  }
}

/** Servers refuse to forget the primary that they follow. */
async function refuseIfFollowed(
  step: Remove,
  member: Member,
  others: readonly Member[],
  context: StepContext,
): Promise<void> {
  const views = await viewsOfMembers(context, others, { signal: context.stop });
  const followers = [...views].filter(([, view]) => view.me.primary === member.id).map(([pod]) => pod);
  if (followers.length > 0) throw failed(step, `${followers.join(', ')} still replicate it.`);
}

/** RESET HARD: a replica drops its data, a primary must have none; the node gets a new id and knows nobody. Its files keep what it had. */
async function reset(pod: Pod, context: StepContext): Promise<void> {
  const connection = await context.redis.connection(pod, { signal: STEADY });
  await ask(connection, ['CLUSTER', 'RESET', 'HARD'], { signal: STEADY, timeout: 60_000 });
}

function failed(step: Remove, why: string): Failure {
  return new Failure('step-failed', `Cannot remove ${step.pod}: ${why}`, {
    remedy: 'Run apply again: what it is needed for is moved first. Nothing was changed by this step.',
  });
}
