import type { Cluster } from '../core/cluster.ts';
import type { Finding } from '../core/findings.ts';
import { placementFindings } from '../core/placement-findings.ts';
import type { Topology } from '../core/topology.ts';
import { countKeys } from '../engine/measure.ts';
import { observeSettled } from '../engine/observe.ts';
import { type Estimate, estimate } from '../plan/estimate.ts';
import { makePlan } from '../plan/make-plan.ts';
import type { Plan, Planned } from '../plan/plan.ts';
import type { Desk, Reach } from './desk.ts';

/** Looks at everything, waiting some seconds for nodes that are still telling each other the news. */
export function look(topology: Topology, desk: Desk, reach: Reach): Promise<Cluster> {
  return observeSettled(topology, { ...reach, clock: desk.clock }, { manifests: reach.manifests, signal: desk.stop });
}

/** What was seen, what follows from it, and what that costs. */
export interface Considered {
  readonly cluster: Cluster;
  /** Of the observation and of the placement. */
  readonly findings: readonly Finding[];
  readonly planned: Planned;
  /** Null where no plan can be made. */
  readonly estimate: Estimate | null;
}

export async function consider(topology: Topology, desk: Desk, reach: Reach): Promise<Considered> {
  const cluster = await look(topology, desk, reach);
  const planned = makePlan(topology, cluster);
  return {
    cluster,
    findings: [...cluster.findings, ...placementFindings(topology, cluster)],
    planned,
    estimate: planned.kind === 'plan' ? await estimateOf(planned.plan, desk, reach) : null,
  };
}

/** What a plan costs, with the keys counted on the donors. */
export async function estimateOf(plan: Plan, desk: Desk, reach: Reach): Promise<Estimate> {
  return estimate(plan, await countKeys(plan, reach.redis, { signal: desk.stop }));
}
