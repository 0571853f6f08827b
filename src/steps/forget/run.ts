import { podOf } from '../../core/cluster.ts';
import { Failure } from '../../core/failure.ts';
import { isReached } from '../../core/nodes.ts';
import { isEmpty, print } from '../../core/slots.ts';
import type { StepContext } from '../../ports/context.ts';
import { writeEmptinessIfBlank } from '../../servers/emptiness.ts';
import { forgetEverywhere } from '../../servers/forget.ts';
import { viewsOfMembers } from '../../servers/views.ts';
import type { Forget } from './shape.ts';

/**
 * Lets every member forget a node; refuses while anybody follows it, sees it own slots and alive, or reaches it: it would come back. One that nobody can find
 * may be what a blank pod was before a removal that was cut off: their files are to be empty, too.
 */
export async function run(step: Forget, context: StepContext): Promise<void> {
  const joined = context.cluster.members.filter((member) => member.joined);
  const views = await viewsOfMembers(context, joined, { signal: context.stop });
  for (const [pod, view] of views) {
    const seen = view.nodes.get(step.node);
    if (seen !== undefined && seen.health === 'ok' && !isEmpty(seen.slots))
      throw failed(step, `${pod} sees it own slots ${print(seen.slots)}, and does not hold it for failed.`);
    if (seen?.addressKnown === true && isReached(seen))
      throw failed(step, `${pod} reaches it at ${seen.ip}: it would come back after a minute.`);
    if (view.me.id === step.node) throw failed(step, `it is the node of ${pod}, which answers.`);
    if (view.me.primary === step.node) throw failed(step, `${pod} is its replica.`);
  }
  const stranger = context.cluster.strangers.find(({ id }) => id === step.node);
  if (stranger?.nowhere === true) await writeEmptinessOfBlanks(context);
  await forgetEverywhere([step.node], joined, context);
  context.tell({ kind: 'verified', text: `No member knows node ${step.node} any more.` });
}

async function writeEmptinessOfBlanks(context: StepContext): Promise<void> {
  const blanks = context.cluster.members.filter((member) => !member.joined);
  for (const { pod: name } of blanks) {
    const pod = podOf(context.cluster, name);
    if (pod !== undefined) await writeEmptinessIfBlank(pod, context);
  }
}

function failed(step: Forget, why: string): Failure {
  return new Failure('step-failed', `Cannot forget node ${step.node}: ${why}`, {
    remedy: 'Run plan to see what this node is now.',
  });
}
