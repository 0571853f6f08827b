import { asFailure, FAILURES, Failure } from '../core/failure.ts';
import { isDifference } from '../core/findings.ts';
import type { Topology } from '../core/topology.ts';
import { LONGEST_WAIT } from '../ports/github.ts';
import { summaryBody } from '../report/comment.ts';
import { driftIssue, inSyncWords } from '../report/drift-issue.ts';
import { issueMarker } from '../report/marker.ts';
import { planLine } from '../report/one-line.ts';
import { type Considered, consider } from './consider.ts';
import type { Desk } from './desk.ts';
import { emptyOutcome, type Outcome, planOutput } from './outcome.ts';
import { contextOf } from './post.ts';

/** Looks whether the cluster is as declared, and keeps an issue about it. Could not look is never "no drift": that throws. */
export async function drift(topology: Topology, desk: Desk): Promise<Outcome> {
  await using reach = await desk.reach(topology);
  const considered = await consider(topology, desk, reach);
  const { planned, underWay } = considered;
  if (planned.kind === 'refused' && FAILURES[planned.failure.code][0] === 'failed') throw planned.failure;
  const drifted = isDrifted(considered);
  const summary = summaryOf(topology, considered, drifted);
  desk.runner.info(summary);
  if (underWay !== null) desk.runner.info(`An apply is under way, so the issue is left as it is: ${underWay}`);
  const issueUrl = underWay === null ? await keepIssue(topology, desk, considered, drifted) : null;
  return {
    ...emptyOutcome(topology),
    result: drifted ? 'drifted' : 'in-sync',
    drift: drifted,
    plan: planOutput(planned.plan, considered.estimate),
    summary,
    report: reportOf(topology, desk, considered),
    issueUrl,
    failure: drifted && desk.request.failOnDrift ? new Failure('drift', summary, { remedy: DRIFT_REMEDY }) : null,
  };
}

/** Milliseconds for all that GitHub is asked about the issue, rate limits and all. */
const PATIENCE = LONGEST_WAIT + 60_000;

const DRIFT_REMEDY = 'Apply the topology, or change it to what is wanted.';

/** A plan that would do something, a refusal, or anything that counts as a difference. */
export function isDrifted({ planned, findings }: Considered): boolean {
  if (planned.kind === 'refused' || planned.plan.stages.length > 0) return true;
  return findings.some(isDifference);
}

function summaryOf(topology: Topology, considered: Considered, drifted: boolean): string {
  const { planned, estimate, findings } = considered;
  if (planned.kind === 'refused') return `${topology.name} has drifted: ${planned.failure.message}`;
  if (planned.plan.stages.length > 0 && estimate !== null) {
    return `${topology.name} has drifted. To mend it: ${planLine(planned.plan, estimate)}`;
  }
  const [first] = findings.filter(isDifference);
  return drifted ? `${topology.name} has drifted: ${first?.text ?? ''}` : `${topology.name} is as declared.`;
}

function reportOf(topology: Topology, desk: Desk, { planned, estimate }: Considered): string {
  const context = contextOf(topology, desk);
  if (planned.kind === 'refused' || estimate === null) {
    const failure = planned.kind === 'refused' ? planned.failure : asFailure(new RangeError('A plan has an estimate.'));
    return summaryBody({ kind: 'refused', failure, plan: null, estimate: null }, context);
  }
  return summaryBody({ kind: 'planned', plan: planned.plan, estimate, missing: [], underWay: null }, context);
}

/** An issue that GitHub refuses is a warning: what was found stands in the run. */
async function keepIssue(topology: Topology, desk: Desk, considered: Considered, drifted: boolean) {
  if (!desk.request.driftIssue || desk.github === null) return null;
  const context = contextOf(topology, desk);
  const { planned, findings } = considered;
  const wanted = drifted ? driftIssue(planned, findings, context) : { close: inSyncWords(context) };
  const signal = AbortSignal.timeout(PATIENCE);
  try {
    return await desk.github.keepIssue(issueMarker(topology.file), wanted, { signal });
  } catch (thrown) {
    const { message, remedy } = asFailure(thrown);
    const why = signal.aborted ? `GitHub gave no answer within ${PATIENCE / 1000} s.` : `${message} ${remedy}`;
    desk.runner.warning(`The issue about ${topology.name} could not be kept: ${why}`);
    return null;
  }
}
