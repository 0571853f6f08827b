import type { Cluster } from '../core/cluster.ts';
import type { Topology } from '../core/topology.ts';
import { makePlan } from '../plan/make-plan.ts';
import type { Planned } from '../plan/plan.ts';
import type { Posted } from '../report/marker.ts';
import { changed, type Decision, go, isNothing, planOf, rest, shownIn, stop } from './decision.ts';
import type { Desk } from './desk.ts';
import { byPullRequest } from './merged-plan.ts';
import { readNote } from './note.ts';

/**
 * Plans, and sees that the plan is an approved one or the rest of one: by the hash that the run was given, or by the
 * comment of the merged pull request that brought the commit. Where no approval is asked for, every plan is fine.
 * Throws Failure `approval-unreadable`.
 * @param inherited the note of an apply that did not come to its end
 */
export async function decide(
  topology: Topology,
  cluster: Cluster,
  inherited: string | null,
  desk: Desk,
): Promise<Decision> {
  const { requireApprovedPlan, approvedPlan } = desk.request;
  const note = inherited === null ? null : readNote(inherited);
  const left = { text: inherited ?? '', note };
  const anew = makePlan(topology, cluster);
  if (isNothing(anew)) return go(anew.plan);
  // A hash that is given is meant, whatever else is not asked for.
  if (!requireApprovedPlan && approvedPlan === null) {
    warnBeforeMerge(topology, desk);
    return freely(topology, cluster, left, anew);
  }
  const decision =
    approvedPlan === null
      ? await byPullRequest(topology, cluster, anew, desk)
      : byHash(approvedPlan, topology, cluster, left, anew);
  // What stands in the way of any plan is told rather than that it is not approved.
  if (decision.kind === 'stop' && anew.kind === 'refused') return stop(anew.failure, anew.plan);
  return decision;
}

/** What the lock held when it was taken: the note of a run that did not come to its end. */
interface Left {
  readonly text: string;
  readonly note: Posted | null;
}

/** Allowed, as on everything but a push; seldom meant: the next push of the base branch undoes it. */
function warnBeforeMerge({ file, name }: Topology, { occasion: { event, pullRequest }, runner }: Desk): void {
  if (pullRequest === null || pullRequest.merged) return;
  const what = `This run (${event}) applies to ${name} what pull request ${pullRequest.number} asks for, which is not merged, and nobody has to have approved it.`;
  runner.warning(`${what} Apply on push, or give the step \`require-approved-plan: true\`.`, { file, line: 1 });
}

/** What a killed apply had begun is ended in its way, where the topology is still the same. */
function freely(topology: Topology, cluster: Cluster, left: Left, anew: Planned): Decision {
  const resumed = left.note === null ? null : rest(topology, cluster, left.note);
  if (resumed !== null) return { ...go(resumed), note: left.text };
  if (anew.kind === 'refused') return stop(anew.failure, anew.plan);
  return go(anew.plan);
}

function byHash(hash: string, topology: Topology, cluster: Cluster, { text, note }: Left, anew: Planned): Decision {
  const plan = planOf(anew);
  if (plan?.hash === hash) return go(plan);
  const resumed = note?.hash === hash ? rest(topology, cluster, note) : null;
  if (resumed !== null) return { ...go(resumed), note: text };
  const why = `The plan is now ${plan?.hash ?? 'none'}, and \`approved-plan\` is ${hash}.`;
  return stop(changed(plan, why, []), plan, note?.hash === hash ? shownIn('the run before', note) : []);
}
