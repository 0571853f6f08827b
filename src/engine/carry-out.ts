import { type Cluster, memberOf } from '../core/cluster.ts';
import type { Tell } from '../core/events.ts';
import { asFailure, Failure } from '../core/failure.ts';
import { isDifference } from '../core/findings.ts';
import { inParallel } from '../core/in-parallel.ts';
import type { AllowWord } from '../core/request.ts';
import type { Topology } from '../core/topology.ts';
import { notAllowed } from '../plan/dangers.ts';
import { makePlan } from '../plan/make-plan.ts';
import { REPAIRING } from '../plan/order.ts';
import type { Plan, Planned, PlannedStep } from '../plan/plan.ts';
import { steps } from '../plan/plan.ts';
import { isRest } from '../plan/remainder.ts';
import { type Approved, resumePlan } from '../plan/resume-plan.ts';
import { statesOf } from '../plan/stages.ts';
import type { Clock } from '../ports/clock.ts';
import type { StepContext } from '../ports/context.ts';
import type { Kubernetes } from '../ports/kubernetes.ts';
import type { Redis } from '../ports/redis.ts';
import { until } from '../servers/until.ts';
import { KINDS } from '../steps/index.ts';
import { lookWhenCaughtUp } from './caught-up.ts';
import { runStep } from './runners.ts';

/** More rounds of planning than any plan needs: one for each time that pods were waited for, and the last look. */
const ROUNDS = 8;

/** Each move has connections of its own, and a hundred of them at once starve each other. Other steps mostly wait for gossip. */
const MOVES_AT_ONCE = 32;

export interface CarryOutPorts {
  readonly kubernetes: Kubernetes;
  readonly redis: Redis;
  readonly clock: Clock;
  /**
   * Looks at everything, and again for some seconds while the nodes are still telling each other the news. `thorough`: also for
   * keys in nodes that do not own their slot, which takes a question for each slot.
   */
  readonly observe: (options: { readonly signal: AbortSignal; readonly thorough: boolean }) => Promise<Cluster>;
}

/** Follows the work; reports make a log and a comment of it. */
export interface Journal {
  /** Wraps one stage: `number` counts from 1 over all rounds. */
  stage(number: number, planned: readonly PlannedStep[], work: () => Promise<void>): Promise<void>;
  readonly tell: Tell;
}

export interface CarryOutOptions {
  /** The plan that people agreed to: whatever is planned on the way must be the rest of it. */
  readonly approved: Plan;
  /** The `allow` words of the run, which hold for what comes up on the way, too. */
  readonly allow: readonly AllowWord[];
  readonly journal: Journal;
  /** Aborted when the run is to stop at its next safe point. */
  readonly stop: AbortSignal;
}

/**
 * Carries a plan out, stage by stage, and returns the cluster as seen at the end, when a new plan would be empty
 * and nothing is found that counts as a difference.
 * Before each stage everything is looked at once more and the facts that each step rests on are compared. After pods were
 * waited for, and at the end, it plans anew from what is there: now the new pods' nodes are known.
 * Throws Failure: `changed-meanwhile`, `stopped`, `not-as-declared`, or what a step ended with.
 */
export async function carryOut(topology: Topology, ports: CarryOutPorts, options: CarryOutOptions): Promise<Cluster> {
  const agreed = { steps: steps(options.approved), unbound: options.approved.unbound };
  let plan = options.approved;
  let stageNumber = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const states = statesOf(plan.before, plan.stages);
    for (const [i, stage] of untilNews(plan).entries()) {
      stageNumber += 1;
      const there = joinedIn(states[i] ?? plan.before, topology);
      await options.journal.stage(stageNumber, stage, () => runStage({ stage, there }, topology, ports, options));
    }
    const { seen, planned } = await lookWhenWell(topology, ports, { ...options, agreed });
    if (planned.kind === 'refused') throw hasOnlyWaited(plan) ? planned.failure : inTheMiddle(planned);
    const rest = isRest(agreed.steps, planned.plan, agreed.unbound);
    if (planned.plan.stages.length === 0) {
      // How the scheduler has spread primaries is no failure of this apply: the next plan tells.
      refuseUnseen(makePlan(topology, seen, { evenly: agreed.unbound.length === 0 }));
      // A replica that took over from a pod that was lost meanwhile, say: as declared, and another end than was shown.
      const differences = rest.rest ? [] : rest.differences;
      for (const text of differences) options.journal.tell({ kind: 'note', text: `Other than planned. ${text}` });
      return seen;
    }
    if (!rest.rest) throw options.approved.returning.length > 0 ? unseen(planned.plan) : notTheRest(rest.differences);
    const forbidden = notAllowed(planned.plan, options.allow);
    if (forbidden !== null) throw forbidden;
    plan = planned.plan;
  }
  throw new Failure('not-as-declared', `After ${ROUNDS} rounds of steps the cluster is still not as declared.`, {
    remedy: 'Run plan to see what is left, and look at the log for a step that does not hold.',
    details: steps(plan).map((step) => KINDS.words(step)),
  });
}

/** Where new pods run can make other replicas' places better ones: that is copying which nobody has agreed to. */
function refuseUnseen(anew: Planned): void {
  if (anew.kind === 'refused' || anew.plan.stages.length === 0) return;
  throw unseen(anew.plan);
}

function unseen(plan: Plan): Failure {
  return new Failure(
    'not-as-declared',
    'All that was approved is done, and more is to be done that nobody has seen yet.',
    {
      remedy: 'Run plan, look at it, and apply it.',
      details: steps(plan).map((step) => KINDS.words(step)),
    },
  );
}

/**
 * Looks, and plans anew. Where nothing is left to do and a replica still has no link, say, it waits: much of what no step mends
 * passes by itself, and a run that ends well while `drift` would not is worse than one that ends late. Throws `not-as-declared`
 * when anything stays so, with all that does.
 */
async function lookWhenWell(
  topology: Topology,
  ports: CarryOutPorts,
  { agreed, journal, stop }: CarryOutOptions & { readonly agreed: Approved },
): Promise<{ seen: Cluster; planned: Planned }> {
  const remedy =
    'Nothing is left to plan, and the cluster is not as declared: look at the pods that are named, then run apply again.';
  const wait = { for: 'all members to be well', seconds: 120, every: 500, code: 'not-as-declared', remedy } as const;
  return until({ clock: ports.clock, tell: journal.tell, stop }, wait, async () => {
    const seen = await ports.observe({ signal: stop, thorough: true });
    const planned = resumePlan(topology, seen, agreed);
    const isLast = planned.kind === 'plan' && planned.plan.stages.length === 0;
    const amiss = isLast ? seen.findings.filter(isDifference) : [];
    const [first] = amiss;
    if (first === undefined) return { done: true, value: { seen, planned } };
    const details = amiss.map(({ text, remedy: cure }) => `${text} ${cure}`);
    return { done: false, seen: first.text.replace(/\.$/, ''), details };
  });
}

/**
 * The stages up to the one after which there is something new to see: the nodes of new pods, or a cluster that was half
 * broken and is whole. All of them where neither is to come.
 */
function untilNews(plan: Plan): Plan['stages'] {
  const news = plan.stages.findIndex((stage, i) => {
    const kind = stage[0]?.step.kind;
    const isLast = plan.stages[i + 1]?.[0]?.step.kind !== kind;
    return stage.some(({ step }) => step.kind === 'wait-for-pods') || (stage.every(isRepair) && isLast);
  });
  return news === -1 ? plan.stages : plan.stages.slice(0, news + 1);
}

function isRepair({ step }: PlannedStep): boolean {
  return REPAIRING.includes(step.kind);
}

/** Then nothing was changed yet, and what is in the way is told as any refusal. */
function hasOnlyWaited(plan: Plan): boolean {
  return untilNews(plan).every((stage) => stage.every(({ step }) => step.kind === 'wait-for-pods'));
}

interface Due {
  readonly stage: readonly PlannedStep[];
  /** The pods that have to answer before it begins. */
  readonly there: readonly string[];
}

/** The members of a state as it was planned. What is to be deleted whole is not waited for. */
function joinedIn(planned: Cluster, { state }: Topology): readonly string[] {
  return state === 'absent' ? [] : planned.members.filter(({ joined }) => joined).map(({ pod }) => pod);
}

async function runStage(
  { stage, there }: Due,
  topology: Topology,
  ports: CarryOutPorts,
  options: CarryOutOptions,
): Promise<void> {
  options.stop.throwIfAborted();
  const now = { clock: ports.clock, tell: options.journal.tell, stop: options.stop };
  const ahead = stage.map(({ step }) => step);
  const cluster = await lookWhenCaughtUp(ahead, topology, now, () => lookWhenAllAnswer(there, ports, options));
  for (const planned of stage) checkFacts(planned, cluster);

  const failures: Failure[] = [];
  const oneFailed = new AbortController();
  const context: StepContext = {
    ...ports,
    topology,
    cluster,
    stop: AbortSignal.any([options.stop, oneFailed.signal]),
    hurry: options.stop,
    tell: options.journal.tell,
  };
  const atOnce = stage.some(({ step }) => step.kind === 'move-slots') ? MOVES_AT_ONCE : stage.length;
  await inParallel(stage, atOnce, async ({ step }) => {
    if (oneFailed.signal.aborted) return;
    try {
      await runStep(step, context);
    } catch (thrown) {
      failures.push(asFailure(thrown));
      oneFailed.abort(failures[0]);
    }
  });
  const [first, ...others] = failures;
  if (first !== undefined) throw withOthers(first, others);
}

/** What the other steps of a stage ended with, such as slots that they had to leave open: each was told to stop by the first. */
function withOthers(first: Failure, others: readonly Failure[]): Failure {
  const further = others.flatMap(({ message, details }) =>
    message === first.message ? details : [message, ...details],
  );
  const details = [...new Set([...first.details, ...further])];
  if (details.length === first.details.length) return first;
  return new Failure(first.code, first.message, { remedy: first.remedy, details, cause: first });
}

/** Seconds. A server that was started anew loads its data first. */
const RETURN = 300;

/**
 * Looks until all of these pods answer: one that is silent would pass for one that was removed, a replica that it was for none that
 * needs waiting for, and a member that is told nothing brings back what all others have forgotten.
 * Throws Failure `timeout`.
 */
function lookWhenAllAnswer(pods: readonly string[], ports: CarryOutPorts, options: CarryOutOptions): Promise<Cluster> {
  const { journal, stop } = options;
  const remedy =
    'Look at the pods that are named and their logs, then run apply again: it goes on where this one stopped.';
  const wait = { for: 'members that answered before to answer again', seconds: RETURN, every: 500, remedy };
  return until({ clock: ports.clock, tell: journal.tell, stop }, wait, async () => {
    const cluster = await lookAgain(ports, options);
    const silent = pods.filter((pod) => memberOf(cluster, pod) === undefined);
    if (silent.length === 0) return { done: true, value: cluster };
    return { done: false, seen: `no answer from ${silent.join(', ')}` };
  });
}

/**
 * Looks as far as the facts of steps reach, which hold no keys. That Kubernetes is away in the middle of the work is no reason
 * to end it at once.
 */
function lookAgain(ports: CarryOutPorts, { journal, stop }: CarryOutOptions): Promise<Cluster> {
  const remedy = 'Run apply again: it goes on where this one stopped.';
  const wait = { for: 'the cluster to be seen again', seconds: 60, every: 500, remedy };
  return until({ clock: ports.clock, tell: journal.tell, stop }, wait, async () => ({
    done: true,
    value: await ports.observe({ signal: stop, thorough: false }),
  }));
}

/** A step's facts must be as planned, unless what it is for has been reached already. */
function checkFacts({ step, facts }: PlannedStep, cluster: Cluster): void {
  if (KINDS.isDone(step, cluster)) return;
  const now = KINDS.facts(step, cluster);
  const changed = Object.keys({ ...facts, ...now }).filter((name) => facts[name] !== now[name]);
  if (changed.length === 0) return;
  throw new Failure(
    'changed-meanwhile',
    `Stopped before "${KINDS.words(step)}": the cluster is no longer as planned.`,
    {
      remedy: 'Run plan to see the cluster as it is now, then apply again.',
      details: changed.map((name) => `${name}: planned ${facts[name] ?? 'nothing'}, now ${now[name] ?? 'nothing'}`),
    },
  );
}

/** A cluster that is well and cannot become as declared is no unhealthy one: where its new pods run, say, crowds a shard. */
function inTheMiddle({ failure: cause, plan }: Extract<Planned, { kind: 'refused' }>): Failure {
  if (plan !== null) return cause;
  return new Failure('not-as-declared', `After the last step the cluster is not healthy. ${cause.message}`, {
    remedy: cause.remedy,
    details: cause.details,
    cause,
  });
}

function notTheRest(differences: readonly string[]): Failure {
  return new Failure(
    'changed-meanwhile',
    'What is left to do is no longer part of the plan that this run carries out.',
    {
      remedy: 'Something else changed the cluster meanwhile. Run plan to see what is to be done now.',
      details: differences,
    },
  );
}
