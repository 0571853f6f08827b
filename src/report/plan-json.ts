import type { Estimate } from '../plan/estimate.ts';
import { type Plan, steps } from '../plan/plan.ts';

/** The plan as other programs read it. `estimates` stand beside the steps, in their order. */
export function planJson(plan: Plan, estimate: Estimate): string {
  const all = steps(plan);
  const json = {
    version: 1,
    cluster: plan.topology.name,
    hash: plan.hash,
    summary: estimate.summary,
    dangers: plan.dangers.map(({ code, text, needs }) => ({ code, text, ...(needs === null ? {} : { needs }) })),
    steps: all,
    estimates: all.map((step) => estimate.steps.get(step) ?? { keys: 0, bytes: 0, seconds: 0 }),
  };
  return `${JSON.stringify(json, null, 2)}\n`;
}
