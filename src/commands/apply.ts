import type { ManifestSet } from '../core/cluster.ts';
import { asFailure, type Failure } from '../core/failure.ts';
import { isDifference } from '../core/findings.ts';
import type { Topology } from '../core/topology.ts';
import { type CarryOutPorts, carryOut } from '../engine/carry-out.ts';
import { type Lock, takeLock } from '../engine/lock.ts';
import { checkRights } from '../engine/rights.ts';
import { notAllowed } from '../plan/dangers.ts';
import type { Estimate } from '../plan/estimate.ts';
import type { Plan } from '../plan/plan.ts';
import { type CommentState, summaryBody } from '../report/comment.ts';
import type { ShownPlan } from '../report/difference.ts';
import { appliedLine, planLine } from '../report/one-line.ts';
import { decide } from './approval.ts';
import { consider, examine, look } from './consider.ts';
import type { Desk, Reach } from './desk.ts';
import { finish } from './finish.ts';
import { ApplyJournal } from './journal.ts';
import { emptyOutcome, type Outcome, planOutput, resultOf } from './outcome.ts';
import { contextOf } from './post.ts';
import { tellingOf } from './telling.ts';

/** Makes the cluster as declared: lock, look, plan, see that the plan is approved and allowed, carry it out, look again. */
export async function apply(topology: Topology, desk: Desk): Promise<Outcome> {
  await using reach = await desk.reach(topology);
  try {
    return await applyLocked(topology, desk, reach);
  } catch (thrown) {
    const failure = asFailure(thrown);
    if (failure.code === 'locked') return await lockedOut(topology, desk, reach, failure);
    const namespace = failure.code === 'no-namespace' ? ownNamespace(topology, reach) : null;
    if (namespace !== null) return await inNewNamespace(topology, desk, reach, namespace);
    throw thrown;
  }
}

async function applyLocked(topology: Topology, desk: Desk, reach: Reach): Promise<Outcome> {
  await using lock = await lockFor(topology, desk, reach);
  const judged = await judge(topology, desk, reach, lock.inherited);
  return judged.kind === 'end' ? judged.outcome : await work(topology, desk, { ...judged, reach, lock });
}

/** What is to be carried out, or how the run ends before anything is changed. */
type Judged =
  | { readonly kind: 'end'; readonly outcome: Outcome }
  | {
      readonly kind: 'go';
      readonly plan: Plan;
      readonly estimate: Estimate;
      readonly pullRequest: number | null;
      readonly note: string;
    };

/** @param inherited what a run left that did not come to its end */
async function judge(topology: Topology, desk: Desk, reach: Reach, inherited: string | null): Promise<Judged> {
  const cluster = await look(topology, desk, reach, { note: inherited });
  const decision = await decide(topology, cluster, inherited, desk);
  if (decision.kind === 'stop') {
    const examined = decision.plan === null ? null : await examine(decision.plan, desk, reach);
    const shown = { plan: examined?.plan ?? null, estimate: examined?.estimate ?? null };
    return { kind: 'end', outcome: ended(topology, desk, { ...decision, ...shown }) };
  }
  const { plan, estimate, failure: unbearable } = await examine(decision.plan, desk, reach);
  if (plan.stages.length === 0 && !cluster.findings.some(isDifference)) {
    return { kind: 'end', outcome: await nothingToDo(topology, desk, { plan, estimate }) };
  }
  const failure = unbearable ?? notAllowed(plan, desk.request.allow) ?? (await missingRights(plan, desk, reach));
  if (failure !== null) return { kind: 'end', outcome: ended(topology, desk, { failure, plan, estimate }) };
  const { pullRequest, note } = decision;
  return { kind: 'go', plan, estimate, pullRequest, note };
}

/** The namespace that the cluster and its lock lie in, as the manifests bring it; null where they do not. */
function ownNamespace({ kubernetes: { namespace } }: Topology, { manifests }: Reach): ManifestSet | null {
  const resources = (manifests?.resources ?? []).filter(({ kind, name }) => kind === 'Namespace' && name === namespace);
  return manifests === null || resources.length === 0 ? null : { ...manifests, resources };
}

/**
 * Makes the namespace first, once it is known that what follows may be carried out: without it there is no lock. Nobody can be
 * at work in a namespace that is not there.
 */
async function inNewNamespace(topology: Topology, desk: Desk, reach: Reach, namespace: ManifestSet): Promise<Outcome> {
  const judged = await judge(topology, desk, reach, null);
  if (judged.kind === 'end') return judged.outcome;
  await reach.kubernetes.applyManifests(topology.kubernetes, namespace, { replicas: 0, signal: desk.stop });
  desk.runner.info(`Made the namespace ${topology.kubernetes.namespace}, for the lock.`);
  return applyLocked(topology, desk, reach);
}

/** The plan as it would be now, for whoever wants to know what waits. */
async function lockedOut(topology: Topology, desk: Desk, reach: Reach, failure: Failure): Promise<Outcome> {
  try {
    const { planned, estimate } = await consider(topology, desk, reach);
    return ended(topology, desk, { failure, plan: planned.plan, estimate });
  } catch (thrown) {
    desk.runner.info(`What is to be done after that apply is not known. ${asFailure(thrown).message}`);
    return ended(topology, desk, { failure });
  }
}

function lockFor(topology: Topology, desk: Desk, reach: Reach): Promise<Lock> {
  const { clock, lockToken, occasion, request, runner, stop } = desk;
  const ports = { kubernetes: reach.kubernetes, clock };
  return takeLock(topology.kubernetes, topology.name, ports, {
    holder: occasion.runUrl,
    token: lockToken,
    patience: request.lockTimeout,
    signal: stop,
    waiting: (holder, left) => runner.info(`Waiting for another apply, at most ${left} s more: ${holder}`),
    kept: ({ message }, seconds) => runner.info(`The lock was not given back, and expires in ${seconds} s. ${message}`),
  });
}

/** Null where nothing is known to be missing; a server that cannot be asked is in the way just as well. */
async function missingRights(plan: Plan, { runner, stop }: Desk, { redis }: Reach): Promise<Failure | null> {
  try {
    if ((await checkRights(plan, redis, { signal: stop })) === 'enough') return null;
  } catch (thrown) {
    return asFailure(thrown);
  }
  runner.info(
    'Whether the Redis user may run all that the plan needs could not be asked beforehand (ACL DRYRUN: Redis 7 or later, and the rights `+acl|whoami +acl|dryrun`).',
  );
  return null;
}

interface Work extends Extract<Judged, { kind: 'go' }> {
  readonly reach: Reach;
  readonly lock: Lock;
}

async function work(topology: Topology, desk: Desk, job: Work): Promise<Outcome> {
  const { plan, estimate, lock } = job;
  const telling = tellingOf(plan, job.pullRequest, topology, desk);
  await using journal = new ApplyJournal(desk, (progress) =>
    telling.progress({ kind: 'applying', plan, estimate, progress }),
  );
  const begun = desk.clock.now();
  let now = plan.before;
  const ports: CarryOutPorts = {
    ...job.reach,
    clock: desk.clock,
    async observe({ thorough }) {
      now = await look(topology, desk, job.reach, { note: job.note, again: true, thorough });
      return now;
    },
  };
  const stop = AbortSignal.any([desk.stop, lock.lost]);
  try {
    await lock.leave(job.note);
    await carryOut(topology, ports, { approved: plan, allow: desk.request.allow, journal, stop });
  } catch (thrown) {
    const failure = asFailure(thrown);
    await journal.close();
    const state = { kind: 'failed', plan, estimate, failure, done: journal.done } as const;
    const commentUrl = await telling.end(state);
    return ended(topology, desk, { failure, plan, estimate, state, commentUrl, changed: journal.changed });
  }
  await clearNote(lock, desk);
  await journal.close();
  if (plan.stages.length === 0) return await nothingToDo(topology, desk, { plan: { ...plan, before: now }, estimate });
  const seconds = (desk.clock.now() - begun) / 1000;
  const state = { kind: 'applied', plan, estimate, seconds, now } as const;
  const summary = appliedLine(plan, estimate, seconds);
  desk.runner.info(summary);
  return {
    ...emptyOutcome(topology),
    result: 'applied',
    changed: true,
    plan: planOutput(plan, estimate),
    summary,
    report: summaryBody(state, contextOf(topology, desk)),
    commentUrl: await telling.end(state),
  };
}

/** The work is done and verified: a note that stays is of no harm, for there is no rest of what it tells. */
async function clearNote(lock: Lock, { runner }: Desk): Promise<void> {
  try {
    await lock.leave('');
  } catch (thrown) {
    runner.warning(`The lock still holds the plan that was carried out. ${asFailure(thrown).message}`);
  }
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
    ...emptyOutcome(topology),
    result: 'no-changes',
    commentUrl: await finish(topology, desk, state),
    plan: planOutput(plan, estimate),
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
    ...emptyOutcome(topology),
    result: changed ? 'failed' : resultOf(failure),
    changed,
    plan: planOutput(plan, estimate),
    summary: failure.message,
    report: summaryBody(state, contextOf(topology, desk)),
    commentUrl: end.commentUrl ?? null,
    failure,
    refusal: state.kind === 'refused' ? state : null,
  };
}
