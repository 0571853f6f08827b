import { canonicalJson } from '../core/canonical-json.ts';
import type { Cluster } from '../core/cluster.ts';
import { asFailure, Failure } from '../core/failure.ts';
import type { Topology } from '../core/topology.ts';
import { makePlan } from '../plan/make-plan.ts';
import type { Plan, Planned } from '../plan/plan.ts';
import { isRest } from '../plan/remainder.ts';
import type { PostedPlan } from '../ports/github.ts';
import type { ShownPlan } from '../report/difference.ts';
import { commentMarker, type Posted, placeInWords, readPosted } from '../report/marker.ts';
import { approveByHand, changed, type Decision, go, notApproved, planOf, rest, shownIn, stop } from './decision.ts';
import type { DeclaredAt, Desk } from './desk.ts';

/** Whether a pull request that brought the push shows this plan. Throws Failure `approval-unreadable`. */
export async function byPullRequest(
  topology: Topology,
  cluster: Cluster,
  anew: Planned,
  desk: Desk,
): Promise<Decision> {
  const { github, occasion, stop: signal } = desk;
  const { commits, commit, branch } = occasion;
  const plan = planOf(anew);
  if (github === null || branch === null) {
    return stop(notApproved(topology, plan, unasked(desk)), plan);
  }
  const outdated = await outdatedBy(topology, cluster, branch, desk);
  if (outdated !== null) return stop(outrun(topology, plan, branch, outdated), plan);
  const asked = github.mergedPullRequests(commits, branch, commentMarker(topology.file), { signal, patient: true });
  const differences: string[] = [];
  const notes: string[] = [];
  const shown: ShownPlan[] = [];
  for await (const { number, comments } of asked) {
    if (comments.length === 0) notes.push(`#${number}: the action posted no plan there.`);
    for (const posted of comments) {
      const opinion = weigh(posted, topology, cluster, plan);
      if (opinion.kind === 'go') return go(opinion.plan, number);
      const told = opinion.texts.map((text) => `#${number}: ${text}`);
      (opinion.kind === 'other' ? differences : notes).push(...told);
      if (opinion.kind === 'other') shown.push(...shownIn(`#${number}`, opinion.shown));
    }
  }
  if (differences.length > 0) {
    const failure = changed(plan, 'It is not what was shown in the pull request.', [...differences, ...notes]);
    return stop(failure, plan, shown);
  }
  const which =
    notes.length === 0 ? 'no pull request brought it there' : 'no pull request that did shows one that counts';
  const why = `commit ${commit.slice(0, 10)} was pushed to ${branch} without a plan that people could look at: ${which}`;
  return stop(notApproved(topology, plan, why, notes), plan);
}

/**
 * Why what the branch wants by now stands against it; null where nothing does. A run that is started again must not undo
 * what came after it: throws Failure `approval-unreadable` where that cannot be told. One that waited, for people or for
 * its turn, must not bring back what was taken back meanwhile; but it may be a step on the way to what the branch wants, so
 * it is held back only where the cluster is that already.
 */
async function outdatedBy(topology: Topology, cluster: Cluster, branch: string, desk: Desk): Promise<string | null> {
  const { attempt } = desk.occasion;
  const now = attempt > 1 ? await branchNow(topology, branch, desk) : await branchNowOrWarn(topology, branch, desk);
  const there = now?.kind === 'topology' ? now.topology : null;
  if (there !== null && canonicalJson(there) === canonicalJson(topology)) return null;
  if (attempt > 1) {
    const seen =
      now?.kind === 'other-repository'
        ? `${topology.file} lies in the checkout of another repository, so that it cannot be seen whether that has gone on`
        : `${branch} has another ${topology.file} by now`;
    return `this run was started again (attempt ${attempt}), and ${seen}`;
  }
  const wanted = there === null ? null : makePlan(there, cluster);
  const isThere = wanted?.kind === 'plan' && wanted.plan.stages.length === 0;
  return isThere ? `${branch} has another ${topology.file} by now, and the cluster is as that one declares it` : null;
}

async function branchNow(topology: Topology, branch: string, desk: Desk): Promise<DeclaredAt> {
  try {
    return await desk.files.declaredAt(topology.file, branch);
  } catch (thrown) {
    const { message, remedy } = asFailure(thrown);
    throw new Failure('approval-unreadable', `Whether ${branch} has gone on cannot be told. ${message}`, {
      remedy,
      cause: thrown,
    });
  }
}

async function branchNowOrWarn(topology: Topology, branch: string, desk: Desk): Promise<DeclaredAt | null> {
  try {
    return await branchNow(topology, branch, desk);
  } catch (thrown) {
    desk.runner.warning(
      `${asFailure(thrown).message} What was merged is applied, whether or not it was taken back since.`,
    );
    return null;
  }
}

/** What was approved then would undo what the branch wants since. */
function outrun(topology: Topology, plan: Plan | null, branch: string, why: string): Failure {
  return new Failure('plan-not-approved', `Cannot apply to ${topology.name}: ${why}.`, {
    remedy: `Start the newest run of ${branch} again. ${approveByHand(plan)}`,
  });
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
  | { readonly kind: 'other'; readonly texts: readonly string[]; readonly shown: Posted };

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
  const at = placeInWords(topology.kubernetes);
  if (shown.at !== at) return { kind: 'other', texts: [`Changed: approved was ${shown.at}, now it is ${at}.`], shown };
  const resumed = rest(topology, cluster, shown);
  if (resumed !== null) return { kind: 'go', plan: resumed };
  return { kind: 'other', texts: differencesFrom(shown, plan), shown };
}

/** In words, as far as the steps of the other plan were kept. */
export function differencesFrom(posted: Posted, plan: Plan | null): readonly string[] {
  if (plan === null) return ['No plan can be made now.'];
  if (posted.steps === null) return [`The plan there is ${posted.hash}; its steps were too many to be kept.`];
  const answer = isRest(posted.steps, plan, posted.unbound);
  return answer.rest ? [] : answer.differences;
}
