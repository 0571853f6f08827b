import { Failure } from '../../core/failure.ts';
import { isEmpty, print } from '../../core/slots.ts';
import type { StepContext } from '../../ports/context.ts';
import { forgetEverywhere } from '../../ports/forget.ts';
import { viewsOfMembers } from '../../ports/views.ts';
import type { Forget } from './shape.ts';

/** Lets every member forget a node; refuses while anybody follows it, or sees it own slots and alive. */
export async function run(step: Forget, context: StepContext): Promise<void> {
  const joined = context.cluster.members.filter((member) => member.joined);
  const views = await viewsOfMembers(context, joined, { signal: context.stop });
  for (const [pod, view] of views) {
    const seen = view.nodes.get(step.node);
    if (seen !== undefined && seen.health === 'ok' && !isEmpty(seen.slots))
      throw failed(step, `${pod} sees it own slots ${print(seen.slots)}, and does not hold it for failed.`);
    if (view.me.id === step.node) throw failed(step, `it is the node of ${pod}, which answers.`);
    if (view.me.primary === step.node) throw failed(step, `${pod} is its replica.`);
  }
  await forgetEverywhere([step.node], joined, context);
  context.tell({ kind: 'verified', text: `No member knows node ${step.node} any more.` });
}

function failed(step: Forget, why: string): Failure {
  return new Failure('step-failed', `Cannot forget node ${step.node}: ${why}`, {
    remedy: 'Run plan to see what this node is now.',
  });
}
