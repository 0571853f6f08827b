import { type Cluster, memberOf, slotOwners } from '../core/cluster.ts';
import { intersect, isEmpty, minus, parse, print, type SlotSet, union } from '../core/slots.ts';
import { counted, firstSlots } from '../core/wording.ts';

/** Words for facts: what a pod is in the cluster. A node that is not there, or no member yet, is said to be so. */
export function roleOf(cluster: Cluster, pod: string): string {
  const member = memberOf(cluster, pod);
  if (member === undefined) return 'no node';
  if (member.role === 'primary') return 'primary';
  return `replica of ${member.primary ?? 'a node that is no pod'}`;
}

/** For facts: which of these slots the pod owns, as text. */
export function slotsSeen(cluster: Cluster, pod: string, among: SlotSet): string {
  return print(intersect(memberOf(cluster, pod)?.slots ?? [], among));
}

export function owns(cluster: Cluster, pod: string, slots: SlotSet): boolean {
  return isEmpty(minus(slots, memberOf(cluster, pod)?.slots ?? []));
}

/** Slots without an owner. */
export function withoutOwner(cluster: Cluster, among: SlotSet): SlotSet {
  const claimed = [...slotOwners(cluster), ...cluster.strangers].map((owner) => owner.slots);
  return minus(among, union(...claimed));
}

/** The slots of a step. Steps are made by `print` and read through `parse`, so that text is always such a list. */
export function slotsOf(text: string): SlotSet {
  return parse(text) ?? [];
}

/** Whether the slots of `part` are all among those of `whole`, both as text. */
export function isWithin(part: string, whole: string): boolean {
  return isEmpty(minus(slotsOf(part), slotsOf(whole)));
}

/** `1,365 slots (0-1364)`; of many ranges only the first are shown. */
export function slotWords({ slots, count }: { readonly slots: string; readonly count: number }): string {
  return `${counted(count, 'slot')} (${firstSlots(slots, 80)})`;
}
