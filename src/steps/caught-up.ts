import type { Cluster } from '../core/cluster.ts';
import type { Step } from './index.ts';
import { Present } from './present.ts';
import { servedPrimary } from './replicate/when.ts';

/**
 * The replicas that have yet to catch up before these steps take others from their shards: as many as are declared, or as
 * are left, must have the data. They had it when it was planned, which may be hours ago.
 */
export function yetToCatchUp(
  steps: readonly Step[],
  now: Cluster,
  { replicasPerShard }: { readonly replicasPerShard: number },
): readonly string[] {
  const present = Present.in(now);
  const leaving = new Map(steps.flatMap((step) => leavingBy(step, present)));
  return [...new Set(leaving.values())].flatMap((primary) => {
    const staying = present.followers(primary).filter(({ pod }) => !leaving.has(pod));
    const behind = staying.filter(({ synced }) => !synced).map(({ pod }) => pod);
    return staying.length - behind.length < Math.min(staying.length, replicasPerShard) ? behind : [];
  });
}

/** The replica that a step takes from its shard, with the primary of that. */
function leavingBy(step: Step, present: Present): readonly (readonly [pod: string, primary: string])[] {
  if (step.kind !== 'remove' && step.kind !== 'replicate') return [];
  const primary = servedPrimary(present, present.members.get(step.pod));
  const stays = primary === null || (step.kind === 'replicate' && step.primary === primary);
  return stays ? [] : [[step.pod, primary]];
}
