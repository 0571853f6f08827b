import { type AtomicCommand, wayBetween } from '../core/capabilities.ts';
import { memberOf } from '../core/cluster.ts';
import type { MoveSlots } from '../steps/move-slots/shape.ts';
import type { Plan } from './plan.ts';

/** By which jobs slots move; null: key by key. A pod yet to come is taken to be able to what the donor can. */
export function commandFor(
  { from, to }: Pick<MoveSlots, 'from' | 'to'>,
  { topology, before }: Pick<Plan, 'topology' | 'before'>,
): AtomicCommand | null {
  const donor = memberOf(before, from);
  if (donor === undefined || topology.migration.method === 'classic') return null;
  const way = wayBetween(donor, memberOf(before, to) ?? donor);
  return way.kind === 'atomic' ? way.command : null;
}
