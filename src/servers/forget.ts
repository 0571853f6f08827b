import { type Member, podOf } from '../core/cluster.ts';
import { meaningOf } from '../core/server-errors.ts';
import type { StepContext } from '../ports/context.ts';
import type { Command } from '../ports/redis.ts';
import { answerTo, refusal, STEADY } from './ask.ts';
import { until } from './until.ts';
import { viewsOfMembers } from './views.ts';

/**
 * Says FORGET to all members at once and again to those that still know a node. The ban on a forgotten node lasts 60 s:
 * whoever was told later than that would hear of it from the others and bring it back.
 */
export async function forgetEverywhere(
  ids: readonly string[],
  members: readonly Member[],
  context: StepContext,
): Promise<void> {
  await Promise.all(members.map((member) => forgetOn(member, ids, context)));
  const remedy = 'Run apply again. A forgotten node that still runs comes back after a minute: see that it is stopped.';
  const wait = { for: `all members to have forgotten ${ids.join(', ')}`, seconds: 30, remedy };
  await until({ ...context, stop: STEADY }, wait, async () => {
    const views = await viewsOfMembers(context, members, { signal: STEADY });
    const knowing = members.filter((member) => ids.some((id) => views.get(member.pod)?.nodes.has(id)));
    if (knowing.length === 0) return { done: true, value: undefined };
    await Promise.all(knowing.map((member) => forgetOn(member, ids, context)));
    return { done: false, seen: `${knowing.map((member) => member.pod).join(', ')} still know it` };
  });
}

async function forgetOn(member: Member, ids: readonly string[], context: StepContext): Promise<void> {
  const pod = podOf(context.cluster, member.pod);
  if (pod === undefined) return;
  const connection = await context.redis.connection(pod, { signal: STEADY });
  for (const id of ids) {
    const command: Command = ['CLUSTER', 'FORGET', id];
    const answer = await answerTo(connection, command, { signal: STEADY });
    if (!answer.ok && meaningOf(answer.error) !== 'unknown-node') throw refusal(member.pod, command, answer.error);
  }
}
