import { type Cluster, memberOf } from '../core/cluster.ts';
import type { Step } from '../steps/index.ts';
import type { Plan, PlannedStep } from './plan.ts';

/**
 * The steps that change something. The others only wait: for pods that are not ready, or for a replica that has the right primary
 * by then and has not caught up. They come and go with the load, so that no approval rests on them.
 * @param states the cluster before each stage
 */
export function workIn(stages: Plan['stages'], states: readonly Cluster[]): readonly PlannedStep[] {
  return stages.flatMap((stage, i) => stage.filter(({ step }) => !onlyWaits(step, states[i])));
}

function onlyWaits(step: Step, before: Cluster | undefined): boolean {
  if (step.kind === 'wait-for-pods') return true;
  if (step.kind !== 'replicate' || before === undefined) return false;
  return memberOf(before, step.pod)?.primary === step.primary;
}
