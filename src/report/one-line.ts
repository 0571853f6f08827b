import { isDifference } from '../core/findings.ts';
import type { Estimate } from '../plan/estimate.ts';
import type { Plan } from '../plan/plan.ts';
import { deed, headline } from './headline.ts';
import { duration } from './units.ts';

/** The output `summary` of a plan. */
export function planLine(plan: Plan, estimate: Estimate): string {
  const [amiss] = plan.stages.length === 0 ? plan.before.findings.filter(isDifference) : [];
  const why = amiss === undefined ? '' : ` ${amiss.text}`;
  return `${plan.topology.name}: ${headline(plan, estimate)}.${why}`;
}

/** The output `summary` of an apply that has done its work. */
export function appliedLine(plan: Plan, estimate: Estimate, seconds: number): string {
  return `${plan.topology.name}: applied plan ${plan.hash} in ${duration(seconds)}. ${deed(plan, estimate)}.`;
}
