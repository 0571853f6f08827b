import type { Cluster } from '../core/cluster.ts';
import { Failure } from '../core/failure.ts';
import type { Topology } from '../core/topology.ts';
import { makePlan } from '../plan/make-plan.ts';
import { type Plan, type Planned, steps } from '../plan/plan.ts';
import { isRest } from '../plan/remainder.ts';
import { resumePlan } from '../plan/resume-plan.ts';
import type { PostedPlan } from '../ports/github.ts';
import { commentMarker, type Posted, readPosted } from '../report/marker.ts';
import type { Desk } from './desk.ts';
import { noteOf, readNote } from './note.ts';

/** Where a merge queue tries what is not merged yet. */
const QUEUE = 'gh-readonly-queue/';

/** What is to be carried out, or why nothing is. */
export type Decision =
  | {
      readonly kind: 'go';
      readonly plan: Plan;
      /** The merged pull request that showed the plan; null where none was asked for. */
      readonly pullRequest: number | null;
      /** What the lock is to carry while the work goes on: the plan as it was approved, not what is left of it. */
      readonly note: string;
    }
  | { readonly kind: 'stop'; readonly failure: Failure; readonly plan: Plan | null };

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
  if (!requireApprovedPlan && approvedPlan === null) return freely(topology, cluster, left, anew);
  const decision =
    approvedPlan === null
      ? await byPullRequest(topology, cluster, anew, desk)
      : byHash(approvedPlan, topology, cluster, left, anew);
  // What stands in the way of any plan is told rather than that it is not approved.
  if (decision.kind === 'stop' && anew.kind === 'refused') return { kind: 'stop', failure: anew.failure, plan: null };
  return decision;
}

/** What the lock held when it was taken: the note of a run that did not come to its end. */
interface Left {
  readonly text: string;
  readonly note: Posted | null;
}

function go(plan: Plan, pullRequest: number | null = null): Extract<Decision, { kind: 'go' }> {
  return { kind: 'go', plan, pullRequest, note: noteOf(plan) };
}

function isNothing(planned: Planned): planned is Extract<Planned, { kind: 'plan' }> {
  return planned.kind === 'plan' && planned.plan.stages.length === 0;
}

/** What a killed apply had begun is ended in its way, where the topology is still the same. */
function freely(topology: Topology, cluster: Cluster, left: Left, anew: Planned): Decision {
  const resumed = left.note === null ? null : rest(topology, cluster, left.note);
  if (resumed !== null) return { ...go(resumed), note: left.text };
  if (anew.kind === 'refused') return { kind: 'stop', failure: anew.failure, plan: null };
  return go(anew.plan);
}

function byHash(hash: string, topology: Topology, cluster: Cluster, { text, note }: Left, anew: Planned): Decision {
  const plan = planOf(anew);
  if (plan?.hash === hash) return go(plan);
  const resumed = note?.hash === hash ? rest(topology, cluster, note) : null;
  if (resumed !== null) return { ...go(resumed), note: text };
  const why = `The plan is now ${plan?.hash ?? 'none'}, and \`approved-plan\` is ${hash}.`;
  return { kind: 'stop', failure: changed(plan, why, []), plan };
}

async function byPullRequest(topology: Topology, cluster: Cluster, anew: Planned, desk: Desk): Promise<Decision> {
  const { github, occasion, stop: signal } = desk;
  const { commits, commit, branch } = occasion;
  const plan = planOf(anew);
  const stop = (failure: Failure): Decision => ({ kind: 'stop', failure, plan });
  if (github === null || branch === null || branch.startsWith(QUEUE))
    return stop(notApproved(topology, plan, unasked(desk)));
  const asked = github.mergedPullRequests(commits, branch, commentMarker(topology.name), { signal, patient: true });
  const differences: string[] = [];
  const notes: string[] = [];
  for await (const { number, comments } of asked) {
    if (comments.length === 0) notes.push(`#${number}: the action posted no plan there.`);
    for (const posted of comments) {
      const opinion = weigh(posted, topology, cluster, plan);
      if (opinion.kind === 'go') return go(opinion.plan, number);
      const told = opinion.texts.map((text) => `#${number}: ${text}`);
      (opinion.kind === 'other' ? differences : notes).push(...told);
    }
  }
  if (differences.length > 0) {
    return stop(changed(plan, 'It is not what was shown in the pull request.', [...differences, ...notes]));
  }
  const which =
    notes.length === 0 ? 'no pull request brought it there' : 'no pull request that did shows one that counts';
  const why = `commit ${commit.slice(0, 10)} was pushed to ${branch} without a plan that people could look at: ${which}`;
  return stop(notApproved(topology, plan, why, notes));
}

function unasked({ github, occasion }: Desk): string {
  if (github === null) return 'an approved plan is required, and without `github-token` no pull request can be read';
  return `an approved plan is required, and this run (${occasion.event || 'no event'}) belongs to no merged pull request`;
}

type Opinion =
  | { readonly kind: 'go'; readonly plan: Plan }
  /** It counts for nothing. */
  | { readonly kind: 'nothing'; readonly texts: readonly string[] }
  /** It shows a plan that is another one. */
  | { readonly kind: 'other'; readonly texts: readonly string[] };

function weigh(posted: PostedPlan, topology: Topology, cluster: Cluster, plan: Plan | null): Opinion {
  if (posted.kind === 'void') return { kind: 'nothing', texts: [posted.why] };
  const shown = readPosted(posted.comment.body);
  if (shown === null) return { kind: 'nothing', texts: ['its comment holds no plan that could be carried out.'] };
  // Else a run of long ago, started again, would undo what came after it.
  if (shown.state === 'applied') {
    const text = `its plan ${shown.hash} has been applied; what is to be done now has come up since then.`;
    return { kind: 'nothing', texts: [text] };
  }
  if (plan !== null && plan.hash === shown.hash) return { kind: 'go', plan };
  const resumed = rest(topology, cluster, shown);
  if (resumed !== null) return { kind: 'go', plan: resumed };
  return { kind: 'other', texts: differencesFrom(shown, plan) };
}

/** What is left of an approved plan; null where what is to be done now is something else. */
function rest(topology: Topology, cluster: Cluster, posted: Posted): Plan | null {
  if (posted.steps === null) return null;
  const resumed = resumePlan(topology, cluster, { steps: posted.steps, unbound: posted.unbound });
  if (resumed.kind === 'refused') return null;
  return isRest(posted.steps, resumed.plan, posted.unbound).rest ? resumed.plan : null;
}

function differencesFrom(posted: Posted, plan: Plan | null): readonly string[] {
  if (plan === null) return ['No plan can be made now.'];
  if (posted.steps === null) return [`The plan there is ${posted.hash}; its steps were too many to be kept.`];
  const answer = isRest(posted.steps, plan, posted.unbound);
  return answer.rest ? [] : answer.differences;
}

function planOf(planned: Planned): Plan | null {
  return planned.kind === 'plan' ? planned.plan : null;
}

function notApproved(topology: Topology, plan: Plan | null, why: string, details: readonly string[] = []): Failure {
  const remedy = approveByHand(plan);
  return new Failure('plan-not-approved', `Cannot apply to ${topology.name}: ${why}.`, { remedy, details });
}

function changed(plan: Plan | null, why: string, differences: readonly string[]): Failure {
  return new Failure('plan-changed', `Cannot apply: what would be done now is not what was approved. ${why}`, {
    remedy: approveByHand(plan),
    details: differences,
  });
}

function approveByHand(plan: Plan | null): string {
  if (plan === null) return 'Open a pull request that plans anew.';
  const count = steps(plan).length;
  return `Look at the plan of this run (${count} ${count === 1 ? 'step' : 'steps'}). To carry it out, run the workflow by hand with \`approved-plan: ${plan.hash}\`, or open a pull request that plans anew.`;
}
