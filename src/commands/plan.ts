import { asFailure, type Failure } from '../core/failure.ts';
import { isDifference } from '../core/findings.ts';
import type { AllowWord } from '../core/request.ts';
import type { Topology } from '../core/topology.ts';
import { missingAllow } from '../plan/dangers.ts';
import type { Estimate } from '../plan/estimate.ts';
import type { Plan } from '../plan/plan.ts';
import { summaryBody } from '../report/comment.ts';
import type { Base } from '../report/declared-change.ts';
import { offlineBody } from '../report/offline.ts';
import { planLine } from '../report/one-line.ts';
import { consider } from './consider.ts';
import type { Desk, Reach } from './desk.ts';
import { warnOfDangers } from './lines.ts';
import { emptyOutcome, type Outcome, planOutput } from './outcome.ts';
import { contextOf, postOnPullRequest, postText } from './post.ts';
import { withoutPlan } from './refused.ts';
import { expectHead, trustOf } from './trust.ts';

/** Says what an apply would do, and changes nothing. Of a pull request that is closed nothing is said any more. */
export async function plan(topology: Topology, desk: Desk): Promise<Outcome> {
  const { pullRequest } = desk.occasion;
  if (pullRequest?.closed === true) return closed(topology, desk, pullRequest.number);
  try {
    return await lookAndPlan(topology, desk);
  } catch (thrown) {
    // The comment of an earlier commit must not be taken for the plan of this one.
    return refuse(topology, desk, asFailure(thrown));
  }
}

async function lookAndPlan(topology: Topology, desk: Desk): Promise<Outcome> {
  await expectHead(topology, desk);
  const trust = await trustOf(topology, desk);
  if (trust.kind === 'offline') return offline(topology, desk, trust.why);
  await using reach = await desk.reach(topology);
  if (trust.kind === 'new' && (await exists(topology, desk, reach))) return await offline(topology, desk, trust.why);
  const { planned, estimate, underWay } = await consider(topology, desk, reach);
  if (planned.kind === 'refused') {
    const outcome = await refuse(topology, desk, planned.failure);
    return { ...outcome, plan: planOutput(planned.plan, estimate) };
  }
  if (estimate === null) throw new RangeError('A plan has an estimate.');
  const missing = missingAllow(planned.plan, desk.request.allow);
  return await tell(topology, desk, { kind: 'planned', plan: planned.plan, estimate, missing, underWay });
}

function closed(topology: Topology, desk: Desk, number: number): Outcome {
  const summary = `Pull request ${number} is closed: nothing was looked at for ${topology.name}, and its comment stays as it is.`;
  desk.runner.info(summary);
  return { ...emptyOutcome(topology), result: 'no-changes', summary, report: summary };
}

async function exists(topology: Topology, desk: Desk, reach: Reach): Promise<boolean> {
  const view = await reach.kubernetes.look(topology.kubernetes, { spreadBy: [], signal: desk.stop });
  // Pods may outlive their StatefulSet.
  return view.workload !== null || view.pods.length > 0;
}

async function tell(
  topology: Topology,
  desk: Desk,
  state: { kind: 'planned'; plan: Plan; estimate: Estimate; missing: readonly AllowWord[]; underWay: string | null },
): Promise<Outcome> {
  warnOfDangers(state.plan, desk);
  const commentUrl = await postOnPullRequest(topology, desk, state);
  const summary = planLine(state.plan, state.estimate);
  desk.runner.info(summary);
  const isEmpty = state.plan.stages.length === 0;
  const isAmiss = state.plan.before.findings.some(isDifference);
  if (isEmpty && isAmiss) desk.runner.warning(summary);
  return {
    cluster: topology.name,
    file: topology.file,
    result: isEmpty ? 'no-changes' : 'planned',
    changed: false,
    drift: !isEmpty || isAmiss,
    plan: planOutput(state.plan, state.estimate),
    summary,
    report: summaryBody(state, contextOf(topology, desk)),
    commentUrl,
    issueUrl: null,
    failure: null,
    refusal: null,
  };
}

async function refuse(topology: Topology, desk: Desk, failure: Failure): Promise<Outcome> {
  const commentUrl = await postOnPullRequest(topology, desk, { kind: 'refused', failure, plan: null, estimate: null });
  return { ...withoutPlan(topology, desk, failure), commentUrl };
}

/** Without looking at the cluster: for what must not say where to look. */
async function offline(topology: Topology, desk: Desk, why: string): Promise<Outcome> {
  const base = await atBase(topology, desk);
  const report = offlineBody(topology, base, why, contextOf(topology, desk));
  desk.runner.warning(why, { file: topology.file, line: desk.files.lineOf(topology.file, 'kubernetes') });
  const commentUrl = await postText(topology, desk, report);
  return { ...emptyOutcome(topology), result: 'planned', summary: `${topology.name}: ${why}`, report, commentUrl };
}

/** A fork's run is green whatever its token may read: without the base there is nothing to compare with. */
async function atBase({ file }: Topology, desk: Desk): Promise<Base> {
  const { github, occasion } = desk;
  if (github === null) return { kind: 'unknown', why: 'there is no `github-token` to read it with.' };
  if (occasion.base === null) return { kind: 'unknown', why: 'the event names none.' };
  try {
    const there = await desk.files.declaredAt(file, occasion.base);
    if (there.kind !== 'other-repository') return there;
    return { kind: 'unknown', why: `${file} lies in the checkout of another repository.` };
  } catch (thrown) {
    if (occasion.pullRequest?.foreign !== true) throw thrown;
    const { message } = asFailure(thrown);
    desk.runner.warning(`What ${file} is in the base branch is not shown: ${message}`);
    return { kind: 'unknown', why: message };
  }
}
