import type { Cluster } from '../core/cluster.ts';
import type { Topology } from '../core/topology.ts';
import type { StepContext } from '../ports/context.ts';
import { until } from '../servers/until.ts';
import { yetToCatchUp } from '../steps/caught-up.ts';
import type { Step } from '../steps/index.ts';

/** A full sync of a large shard takes minutes. */
const SYNC_SECONDS = 20 * 60;

/**
 * Looks, and again until the shards that give replicas away can do without them; returns what was seen last.
 * Throws Failure `timeout`.
 */
export function lookWhenCaughtUp(
  steps: readonly Step[],
  topology: Topology,
  context: Pick<StepContext, 'clock' | 'tell' | 'stop'>,
  look: () => Promise<Cluster>,
): Promise<Cluster> {
  const wait = {
    for: 'replicas that stay to catch up before others leave their shards',
    seconds: SYNC_SECONDS,
    every: 500,
    remedy: 'Look at the pods that are named and their logs, then run apply again: it goes on where this one stopped.',
  };
  return until(context, wait, async () => {
    const cluster = await look();
    const behind = yetToCatchUp(steps, cluster, topology);
    if (behind.length === 0) return { done: true, value: cluster };
    return { done: false, seen: `${behind.join(', ')} without all data` };
  });
}
