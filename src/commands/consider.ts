import type { Cluster } from '../core/cluster.ts';
import type { Failure } from '../core/failure.ts';
import type { Finding } from '../core/findings.ts';
import { placementFindings } from '../core/placement-findings.ts';
import type { Topology } from '../core/topology.ts';
import { type LockSeen, lookAtLock } from '../engine/lock.ts';
import { countKeys } from '../engine/measure.ts';
import { observeSettled } from '../engine/observe.ts';
import { sampleLargeKeys } from '../engine/sample-keys.ts';
import { type Estimate, estimate } from '../plan/estimate.ts';
import { largeKeyDangers } from '../plan/large-keys.ts';
import { makePlan } from '../plan/make-plan.ts';
import { memoryRefusal } from '../plan/memory.ts';
import type { Plan, Planned } from '../plan/plan.ts';
import { eventLine } from '../report/log.ts';
import type { Desk, Reach } from './desk.ts';
import { claimTemplatesIn } from './note.ts';

export interface LookOptions {
  /** What an apply is at, or left behind. */
  readonly note: string | null;
  /** In the middle of the work, when it was seen before that nobody else moves slots. */
  readonly again?: boolean;
  readonly thorough?: boolean;
}

/**
 * Looks at everything, waiting some seconds for nodes that are still telling each other the news.
 */
export function look(topology: Topology, desk: Desk, reach: Reach, options: LookOptions): Promise<Cluster> {
  const { note, again = false, thorough = true } = options;
  const claimTemplates = claimTemplatesIn(note, topology.kubernetes);
  const { clock, runner, stop: signal } = desk;
  const ports = { ...reach, clock };
  return observeSettled(topology, ports, {
    manifests: reach.manifests,
    claimTemplates,
    thorough,
    isFirst: !again,
    tell: (event) => runner.info(eventLine(event)),
    signal,
  });
}

/** What was seen, what follows from it, and what that costs. */
export interface Considered {
  /** The run whose apply is under way; null where none is. */
  readonly underWay: string | null;
  readonly cluster: Cluster;
  /** Of the observation and of the placement. */
  readonly findings: readonly Finding[];
  readonly planned: Planned;
  /** Null where no plan can be made. */
  readonly estimate: Estimate | null;
}

export async function consider(topology: Topology, desk: Desk, reach: Reach): Promise<Considered> {
  const lockNow = (): Promise<LockSeen> =>
    lookAtLock(topology.kubernetes, topology.name, reach.kubernetes, { signal: desk.stop });
  const lock = await lockNow();
  const cluster = await look(topology, desk, reach, lock);
  const findings = [...cluster.findings, ...placementFindings(topology, cluster)];
  const planned = makePlan(topology, cluster);
  // An apply that began meanwhile would be seen in the middle of its work.
  const isSettled = planned.kind === 'plan' && planned.plan.stages.length === 0;
  const underWay = lock.holder ?? (isSettled ? null : (await lockNow()).holder);
  if (planned.plan === null) return { underWay, cluster, findings, planned, estimate: null };
  const { plan, failure, estimate: costs } = await examine(planned.plan, desk, reach);
  const found: Planned =
    failure === null || planned.kind === 'refused'
      ? { ...planned, plan }
      : { kind: 'refused', failure, before: plan.before, plan };
  return { underWay, cluster, findings, planned: found, estimate: costs };
}

/** What was found by asking the servers what the slots hold that are to move. */
interface Examined {
  /** With the dangers that single keys are. */
  readonly plan: Plan;
  readonly estimate: Estimate;
  /** Why the moves would fail, as planning alone cannot know. */
  readonly failure: Failure | null;
}

/** What a plan costs, with the keys counted on the donors. */
export async function examine(plan: Plan, desk: Desk, { redis }: Reach): Promise<Examined> {
  const options = { signal: desk.stop };
  const counts = await countKeys(plan, redis, options);
  const large = await sampleLargeKeys(plan, counts, redis, options);
  const costs = estimate(plan, counts);
  return {
    plan: { ...plan, dangers: [...plan.dangers, ...largeKeyDangers(large)] },
    estimate: costs,
    failure: memoryRefusal(plan, costs.steps),
  };
}
