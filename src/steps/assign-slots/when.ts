import type { Cluster } from '../../core/cluster.ts';
import { ALL_SLOTS, count, intersect, isEmpty, print } from '../../core/slots.ts';
import type { When } from '../kind.ts';
import { Present } from '../present.ts';
import { withoutOwner } from '../seen.ts';
import type { AssignSlots } from './shape.ts';

/** Slots that nobody has owned yet, to the primaries that are to own them. */
export const whenNeverOwned: When<AssignSlots> = (now, { layout }) => {
  const free = withoutOwner(now, ALL_SLOTS);
  if (isEmpty(free) || !isNewborn(now)) return [];
  const present = new Present(now);
  return layout.shards.flatMap((shard): readonly AssignSlots[] => {
    const pod = present.holder(shard);
    const slots = intersect(shard.slots, free);
    if (isEmpty(slots) || !present.isPrimary(pod)) return [];
    return [{ kind: 'assign-slots', pod, slots: print(slots), count: count(slots) }];
  });
};

/**
 * A cluster that is still being made: no node holds a key and there is no node elsewhere that may, so that slots without
 * an owner have lost nothing.
 */
export function isNewborn(cluster: Cluster): boolean {
  return cluster.strangers.length === 0 && cluster.members.every((member) => member.facts.keys === 0);
}
