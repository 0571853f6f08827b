import type { Cluster } from '../core/cluster.ts';
import { Failure } from '../core/failure.ts';
import type { Topology } from '../core/topology.ts';
import { makePlan } from '../plan/make-plan.ts';
import { type Plan, type Planned, steps } from '../plan/plan.ts';
import { isRest } from '../plan/remainder.ts';
import { resumePlan } from '../plan/resume-plan.ts';
import type { ShownPlan } from '../report/difference.ts';
import type { Posted } from '../report/marker.ts';
import { noteOf } from './note.ts';

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
  | {
      readonly kind: 'stop';
      readonly failure: Failure;
      readonly plan: Plan | null;
      /** What was approved instead, as far as its steps are known. */
      readonly shown: readonly ShownPlan[];
    };

export function go(plan: Plan, pullRequest: number | null = null): Extract<Decision, { kind: 'go' }> {
  return { kind: 'go', plan, pullRequest, note: noteOf(plan) };
}

export function stop(failure: Failure, plan: Plan | null, shown: readonly ShownPlan[] = []): Decision {
  return { kind: 'stop', failure, plan, shown };
}

/** None where the steps of the plan were not kept. */
export function shownIn(where: string, { hash, steps: kept, unbound }: Posted): readonly ShownPlan[] {
  return kept === null ? [] : [{ where, hash, steps: kept, unbound }];
}

/**
 * What is left of an approved plan; null where what is to be done now is something else, such as to mend places that pods have
 * changed since all of it was done.
 */
export function rest(topology: Topology, cluster: Cluster, posted: Posted): Plan | null {
  if (posted.steps === null) return null;
  const resumed = resumePlan(topology, cluster, { steps: posted.steps, unbound: posted.unbound });
  if (resumed.kind === 'refused') return null;
  if (!isRest(posted.steps, resumed.plan, posted.unbound).rest) return null;
  if (resumed.plan.stages.length > 0) return resumed.plan;
  const anew = makePlan(topology, cluster, { evenly: posted.unbound.length === 0 });
  return isNothing(anew) ? resumed.plan : null;
}

export function isNothing(planned: Planned): planned is Extract<Planned, { kind: 'plan' }> {
  return planned.kind === 'plan' && planned.plan.stages.length === 0;
}

export function planOf(planned: Planned): Plan | null {
  return planned.kind === 'plan' ? planned.plan : null;
}

export function notApproved(
  topology: Topology,
  plan: Plan | null,
  why: string,
  details: readonly string[] = [],
): Failure {
  const remedy = approveByHand(plan);
  return new Failure('plan-not-approved', `Cannot apply to ${topology.name}: ${why}.`, { remedy, details });
}

export function changed(plan: Plan | null, why: string, differences: readonly string[]): Failure {
  return new Failure('plan-changed', `Cannot apply: what would be done now is not what was approved. ${why}`, {
    remedy: approveByHand(plan),
    details: differences,
  });
}

export function approveByHand(plan: Plan | null): string {
  if (plan === null) return 'Open a pull request that plans anew.';
  const count = steps(plan).length;
  return `Look at the plan of this run (${count} ${count === 1 ? 'step' : 'steps'}). To carry it out, run the workflow by hand with \`approved-plan: ${plan.hash}\`, or open a pull request that plans anew.`;
}
