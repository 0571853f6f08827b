import type { Cluster } from '../core/cluster.ts';
import type { Topology } from '../core/topology.ts';
import { makePlan } from '../plan/make-plan.ts';
import type { Planned } from '../plan/plan.ts';
import { type Posted, plansKept } from '../report/marker.ts';
import { changed, type Decision, go, isNothing, planOf, rest, shownIn, stop } from './decision.ts';
import type { Desk } from './desk.ts';
import { mergedComments } from './merged-comments.ts';
import { byPullRequest, differencesFrom } from './merged-plan.ts';
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
      : await byHash(approvedPlan, topology, cluster, left, anew, desk);
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

async function byHash(
  hash: string,
  topology: Topology,
  cluster: Cluster,
  { text, note }: Left,
  anew: Planned,
  desk: Desk,
): Promise<Decision> {
  const plan = planOf(anew);
  if (plan?.hash === hash) return go(plan);
  const begun = note?.hash === hash ? note : null;
  const resumed = begun === null ? null : rest(topology, cluster, begun);
  if (resumed !== null) return { ...go(resumed), note: text };
  const why = `The plan is now ${plan?.hash ?? 'none'}, and \`approved-plan\` is ${hash}.`;
  const known = begun === null ? await shownPlan(hash, topology, desk) : { where: 'the run before', posted: begun };
  if (known === null) {
    const unknown = `No comment on the pull requests of this commit shows plan ${hash}: what differs is not known.`;
    return stop(changed(plan, why, [unknown]), plan);
  }
  const { where, posted } = known;
  const differences = differencesFrom(posted, plan).map((words) => `${where}: ${words}`);
  return stop(changed(plan, why, differences), plan, shownIn(where, posted));
}

/** The plan with this hash in our comments, where a person will have seen it: as planned, or as it was refused. */
async function shownPlan(
  hash: string,
  topology: Topology,
  desk: Desk,
): Promise<{ readonly where: string; readonly posted: Posted } | null> {
  for (const { comment } of await mergedComments(topology, desk)) {
    const posted = plansKept(comment.body).find((plan) => plan.hash === hash);
    if (posted !== undefined) return { where: `#${comment.pullRequest}`, posted };
  }
  return null;
}
