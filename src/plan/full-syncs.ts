import { type Cluster, memberOf } from '../core/cluster.ts';
import type { Replicate } from '../steps/replicate/shape.ts';
import type { Plan } from './plan.ts';

export interface FullSync {
  readonly step: Replicate;
  /** Bytes of the primary's data at that time. */
  readonly bytes: number;
}

/**
 * The replicas that copy a shard with keys in it. Those attached before slots arrive copy nothing.
 * @param states the cluster before each stage
 */
export function fullSyncs(stages: Plan['stages'], states: readonly Cluster[]): readonly FullSync[] {
  return stages.flatMap((stage, i) =>
    stage.flatMap(({ step }): readonly FullSync[] => {
      if (step.kind !== 'replicate') return [];
      const state = states[i];
      const facts = state === undefined ? undefined : memberOf(state, step.primary)?.facts;
      return facts === undefined || facts.keys === 0 ? [] : [{ step, bytes: facts.dataset }];
    }),
  );
}
