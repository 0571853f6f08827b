import { type Cluster, slotOwners } from '../../core/cluster.ts';
import { keptVolumes } from '../../core/kept-volumes.ts';
import { isNewborn, ownerlessSlots } from '../../core/slot-findings.ts';
import { ALL_SLOTS, count, intersect, isEmpty, NO_SLOTS, print, type SlotSet } from '../../core/slots.ts';
import { isNowhere } from '../../core/stranger-findings.ts';
import type { Target, When } from '../kind.ts';
import { Present } from '../present.ts';
import { withoutOwner } from '../seen.ts';
import type { AssignSlots } from './shape.ts';

/** Slots that nobody has owned yet, to the primaries that are to own them. */
export const whenNeverOwned: When<AssignSlots> = (now, target) =>
  isNewborn(now) ? shared(withoutOwner(now, ALL_SLOTS), now, target) : [];

/** Slots whose keys are lost, likewise: empty they serve again. Whether they are lost is judged before anything is planned. */
export const whenLost: When<AssignSlots> = (now, target) => shared(ownerlessSlots(now), now, target);

function shared(free: SlotSet, now: Cluster, { layout }: Target): readonly AssignSlots[] {
  if (isEmpty(free)) return [];
  const present = Present.in(now);
  return layout.shards.flatMap((shard): readonly AssignSlots[] => {
    const pod = present.holder(shard);
    const slots = intersect(shard.slots, free);
    if (isEmpty(slots) || !present.isPrimary(pod)) return [];
    return [{ kind: 'assign-slots', pod, slots: print(slots), count: count(slots) }];
  });
}

/**
 * Slots without owner of a cluster that stores something, once nobody can be waited for who may own them or hold their
 * keys: all pods are there, their servers answer, and there is no node elsewhere but what a reset left, which has no
 * address and owns nothing. Who holds keys is mended. Whether pods are ready is another matter: there are readiness probes that
 * pass only in a whole cluster, and without these slots it is none. Volumes of pods that are gone may hold keys as well: who knows that
 * these do not deletes them.
 */
export function lostSlots(now: Cluster): SlotSet {
  const { workload, pods, members, strangers } = now;
  const isWhole =
    workload !== null &&
    pods.length >= workload.replicas &&
    members.length === pods.length &&
    pods.every((pod) => !pod.deleting) &&
    strangers.every(isNowhere) &&
    keptVolumes(now).length === 0 &&
    members.every(({ hides }) => hides === undefined);
  return isWhole && slotOwners(now).length > 0 ? ownerlessSlots(now) : NO_SLOTS;
}
