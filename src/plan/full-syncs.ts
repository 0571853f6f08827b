import { memberOf } from '../core/cluster.ts';
import type { Replicate } from '../steps/replicate/shape.ts';
import type { Plan } from './plan.ts';
import { statesOf } from './stages.ts';

export interface FullSync {
  readonly step: Replicate;
  /** Bytes of the primary's data at that time. */
  readonly bytes: number;
}

/** The replicas that copy a shard with keys in it. Those attached before slots arrive copy nothing. */
export function fullSyncs({ before, stages }: Pick<Plan, 'before' | 'stages'>): readonly FullSync[] {
  const states = statesOf(before, stages);
  return stages.flatMap((stage, i) =>
    stage.flatMap(({ step }): readonly FullSync[] => {
      if (step.kind !== 'replicate') return [];
      const facts = memberOf(states[i] ?? before, step.primary)?.facts;
      return facts === undefined || facts.keys === 0 ? [] : [{ step, bytes: facts.dataset }];
    }),
  );
}
