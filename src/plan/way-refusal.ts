import { wayBetween } from '../core/capabilities.ts';
import { memberOf } from '../core/cluster.ts';
import { Failure } from '../core/failure.ts';
import type { Plan } from './plan.ts';

/**
 * Moves for which the topology asks for a way that their two servers do not have; null where all have it. A pod yet to come
 * is taken for able: what its server can is seen when it is there, before anything moves.
 */
export function wayRefusal({ topology, before, stages }: Pick<Plan, 'topology' | 'before' | 'stages'>): Failure | null {
  if (topology.migration.method !== 'atomic') return null;
  const details = stages.flat().flatMap(({ step }) => {
    if (step.kind !== 'move-slots') return [];
    const [donor, receiver] = [memberOf(before, step.from), memberOf(before, step.to)];
    if (donor === undefined) return [];
    const way = wayBetween(donor, receiver ?? donor);
    return way.kind === 'atomic' ? [] : [`From ${step.from} to ${step.to}: ${way.because}.`];
  });
  if (details.length === 0) return null;
  return new Failure(
    'atomic-unsupported',
    'Cannot move the slots as declared: `migration.method` is `atomic`, and not all servers that give or get slots can do that.',
    { remedy: 'Set `migration.method: auto`, which moves key by key where it has to, or update the servers.', details },
  );
}
