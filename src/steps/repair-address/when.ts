import { byOrdinal, memberOf } from '../../core/cluster.ts';
import { contestedSlots } from '../../core/slot-findings.ts';
import { intersect, isEmpty } from '../../core/slots.ts';
import type { Repair } from '../kind.ts';
import type { RepairAddress } from './shape.ts';

/**
 * Members whom others look for at an address that they have left, as after a restart of all pods, or have forgotten. One
 * that claims slots of another is left alone: back in the cluster it might win them by its epoch.
 */
export const whenApart: Repair<RepairAddress> = (now) => {
  const apart = now.findings.filter(({ code }) => code === 'address-changed' || code === 'node-not-known');
  const contested = contestedSlots(now);
  return [...new Set(apart.flatMap(({ pods }) => pods))]
    .filter((pod) => isEmpty(intersect(memberOf(now, pod)?.slots ?? [], contested)))
    .toSorted(byOrdinal)
    .map((pod) => ({ kind: 'repair-address', pod }));
};
