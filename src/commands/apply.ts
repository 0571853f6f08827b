import { asFailure, Failure } from '../core/failure.ts';
import type { Request } from '../core/request.ts';
import type { Topology } from '../core/topology.ts';
import { type CarryOutPorts, carryOut, isPassing } from '../engine/carry-out.ts';
import { type Lock, takeLock } from '../engine/lock.ts';
import { checkRights } from '../engine/rights.ts';
import { missingAllow } from '../plan/dangers.ts';
import type { Estimate } from '../plan/estimate.ts';
import type { Plan } from '../plan/plan.ts';
import { type CommentState, summaryBody } from '../report/comment.ts';
import type { ShownPlan } from '../report/difference.ts';
import { appliedLine, planLine } from '../report/one-line.ts';
import { planJson } from '../report/plan-json.ts';
import { allowed } from './allowed.ts';
import { decide } from './approval.ts';
import { examine, look } from './consider.ts';
import type { Desk, Reach } from './desk.ts';
import { finish } from './finish.ts';
import { ApplyJournal } from './journal.ts';
import { type Outcome, resultOf, unplanned } from './outcome.ts';
import { contextOf, post, postProgress } from './post.ts';

/** Makes the cluster as declared: lock, look, plan, see that the plan is approved and allowed, carry it out, look again. */
export async function apply(topology: Topology, desk: Desk): Promise<Outcome> {
  await using reach = await desk.reach(topology);
  await using lock = await lockFor(topology, desk, reach);
  const cluster = await look(topology, desk, reach);
  const decision = await decide(topology, cluster, lock.inherited, desk);
  if (decision.kind === 'stop') {
    const examined = decision.plan === null ? null : await examine(decision.plan, desk, reach);
    return ended(topology, desk, { ...decision, ...examined });
  }
  const { plan, estimate } = await examine(decision.plan, desk, reach);
  if (plan.stages.length === 0 && !cluster.findings.some(isPassing)) {
    return await nothingToDo(topology, desk, { plan, estimate });
  }
  const forbidden = forbiddenBy(plan, desk.request);
  if (forbidden !== null) return ended(topology, desk, { failure: forbidden, plan, estimate });
  await checkRightsOf(plan, desk, reach);
  return await work(topology, desk, {
    plan,
    estimate,
    pullRequest: decision.pullRequest,
    note: decision.note,
    reach,
    lock,
  });
}

function lockFor(topology: Topology, desk: Desk, reach: Reach): Promise<Lock> {
  const { clock, occasion, request, runner, stop } = desk;
  const ports = { kubernetes: reach.kubernetes, clock };
  return takeLock(topology.kubernetes, topology.name, ports, {
    holder: occasion.runUrl,
    patience: request.lockTimeout,
    signal: stop,
    waiting: (holder, left) => runner.info(`Waiting for another apply, at most ${left} s more: ${holder}`),
    kept: ({ message }, seconds) => runner.info(`The lock was not given back, and expires in ${seconds} s. ${message}`),
  });
}

/** What needs an `allow` word that is not given makes the whole apply refused, before the first change. */
export function forbiddenBy(plan: Plan, request: Pick<Request, 'allow'>): Failure | null {
  const missing = missingAllow(plan, allowed(request));
  if (missing.length === 0) return null;
  const words = missing.map((word) => `\`${word}\``).join(', ');
  const details = plan.dangers.filter((danger) => danger.needs !== null && missing.includes(danger.needs));
  return new Failure(
    'not-allowed',
    `Refused: the plan needs ${words} in the input \`allow\`, and the run does not have it.`,
    {
      remedy: `Add \`allow: ${missing.join(' ')}\` to the workflow step if that is what you want.`,
      details: details.map((danger) => danger.text),
    },
  );
}

async function checkRightsOf(plan: Plan, { runner, stop }: Desk, { redis }: Reach): Promise<void> {
  if ((await checkRights(plan, redis, { signal: stop })) === 'enough') return;
  runner.info(
    'Whether the Redis user may run all that the plan needs could not be asked beforehand (ACL DRYRUN: Redis 7 or later, and the rights `+acl|whoami +acl|dryrun`).',
  );
}

interface Work {
  readonly plan: Plan;
  readonly estimate: Estimate;
  readonly pullRequest: number | null;
  readonly note: string;
  readonly reach: Reach;
  readonly lock: Lock;
}

async function work(topology: Topology, desk: Desk, job: Work): Promise<Outcome> {
  const { plan, estimate, pullRequest, lock } = job;
  const show = async (state: CommentState): Promise<string | null> =>
    pullRequest === null ? null : post(topology, desk, pullRequest, state);
  await using journal = new ApplyJournal(desk, async (progress) =>
    pullRequest === null
      ? null
      : postProgress(topology, desk, pullRequest, { kind: 'applying', plan, estimate, progress }),
  );
  const begun = desk.clock.now();
  let now = plan.before;
  const ports: CarryOutPorts = {
    ...job.reach,
    clock: desk.clock,
    async observe({ thorough }) {
      now = await look(topology, desk, job.reach, { again: true, thorough });
      return now;
    },
  };
  const stop = AbortSignal.any([desk.stop, lock.lost]);
  try {
    await lock.leave(job.note);
    await carryOut(topology, ports, { approved: plan, journal, stop });
    await lock.leave('');
  } catch (thrown) {
    const failure = asFailure(thrown);
    await journal.close();
    const state: CommentState = { kind: 'failed', plan, estimate, failure, done: journal.done };
    const commentUrl = await show(state);
    return ended(topology, desk, { failure, plan, estimate, state, commentUrl, changed: journal.changed });
  }
  await journal.close();
  if (plan.stages.length === 0) return await nothingToDo(topology, desk, { plan, estimate });
  const seconds = (desk.clock.now() - begun) / 1000;
  const state: CommentState = { kind: 'applied', plan, estimate, seconds, now };
  const summary = appliedLine(plan, estimate, seconds);
  desk.runner.info(summary);
  return {
    ...unplanned(topology),
    result: 'applied',
    changed: true,
    plan: { hash: plan.hash, json: planJson(plan, estimate) },
    summary,
    report: summaryBody(state, contextOf(topology, desk)),
    commentUrl: await show(state),
  };
}

async function nothingToDo(
  topology: Topology,
  desk: Desk,
  { plan, estimate }: { plan: Plan; estimate: Estimate },
): Promise<Outcome> {
  const summary = planLine(plan, estimate);
  desk.runner.info(summary);
  const state = { kind: 'planned', plan, estimate, missing: [], underWay: null } as const;
  return {
    ...unplanned(topology),
    result: 'no-changes',
    commentUrl: await finish(topology, desk, state),
    plan: { hash: plan.hash, json: planJson(plan, estimate) },
    summary,
    report: summaryBody(state, contextOf(topology, desk)),
  };
}

interface End {
  readonly failure: Failure;
  readonly plan?: Plan | null;
  readonly estimate?: Estimate | null;
  /** What was approved instead. */
  readonly shown?: readonly ShownPlan[];
  readonly state?: CommentState;
  readonly commentUrl?: string | null;
  readonly changed?: boolean;
}

/** A run that was refused, or failed. */
function ended(topology: Topology, desk: Desk, end: End): Outcome {
  const { failure, plan = null, estimate = null, shown = [], changed = false } = end;
  const state: CommentState = end.state ?? { kind: 'refused', failure, plan, estimate, shown };
  return {
    ...unplanned(topology),
    result: changed ? 'failed' : resultOf(failure),
    changed,
    plan: plan === null || estimate === null ? null : { hash: plan.hash, json: planJson(plan, estimate) },
    summary: failure.message,
    report: summaryBody(state, contextOf(topology, desk)),
    commentUrl: end.commentUrl ?? null,
    failure,
    refusal: state.kind === 'refused' ? state : null,
  };
}
