import { byOrdinal } from '../core/cluster.ts';
import { print, SLOT_COUNT, type SlotSet, union } from '../core/slots.ts';
import type { Step } from '../steps/index.ts';
import { slotsOf } from '../steps/seen.ts';
import { outcomeOf } from './outcome-of-steps.ts';
import type { Plan } from './plan.ts';

/**
 * Which pod has got the role that the approved plan gave to which: pods that did not exist then may have exchanged their
 * roles since they were scheduled. One to one among the unbound pods; every other pod stays itself.
 *
 * Algorithm: first primaries, known by the slots that they end with or by the pod that they take over from; then
 * replicas, known by their primary; what is left keeps its own role, else takes the lowest that is free.
 */
export function exchange(approved: readonly Step[], now: Plan, unbound: readonly string[]): (pod: string) => string {
  const match = new Matching(unbound);
  const members = new Map(now.after.members.map((member) => [member.pod, member]));
  const given = slotsGiven(approved);
  const owners = new Map(now.after.members.map(({ pod, slots }) => [pod, slots]));
  const bySlots = new Map(Array.from(owners, ([pod, slots]) => [print(slots), pod]));
  for (const [pod, slots] of given) match.pair(pod, bySlots.get(print(slots)));
  // Shares that differ by one slot may lie the other way round: then the first with the first, and so on.
  const left = newPrimaries(given, unbound).filter((pod) => !match.isPaired(pod));
  const free = newPrimaries(owners, unbound).filter((pod) => match.isFree(pod));
  for (const [i, pod] of left.entries()) match.pair(pod, free[i]);

  const successors = new Map(successions(now.stages.flat().map(({ step }) => step)));
  for (const [from, pod] of successions(approved)) match.pair(pod, successors.get(from));

  const followers = Map.groupBy(unbound, (pod) => members.get(pod)?.primary ?? null);
  for (const [pod, primary] of outcomeOf(approved).replicas) {
    const candidates = followers.get(match.of(primary)) ?? [];
    match.pair(
      pod,
      candidates.find((candidate) => match.isFree(candidate)),
    );
  }
  match.complete();
  return (pod) => match.of(pod);
}

class Matching {
  readonly #unbound: readonly string[];
  readonly #pairs = new Map<string, string>();
  readonly #taken = new Set<string>();

  constructor(unbound: readonly string[]) {
    this.#unbound = unbound.toSorted(byOrdinal);
  }

  of(pod: string): string {
    return this.#pairs.get(pod) ?? pod;
  }

  isFree(pod: string): boolean {
    return !this.#taken.has(pod);
  }

  isPaired(pod: string): boolean {
    return this.#pairs.has(pod);
  }

  /** Unless one of the two is no unbound pod, or has its counterpart already. */
  pair(approved: string, now: string | undefined): void {
    const both = [approved, now];
    if (now === undefined || !both.every((pod) => pod !== undefined && this.#unbound.includes(pod))) return;
    if (this.#pairs.has(approved) || this.#taken.has(now)) return;
    this.#pairs.set(approved, now);
    this.#taken.add(now);
  }

  complete(): void {
    for (const pod of this.#unbound) this.pair(pod, pod);
    for (const pod of this.#unbound) {
      this.pair(
        pod,
        this.#unbound.find((other) => !this.#taken.has(other)),
      );
    }
  }
}

/** Pod → all slots that the steps give to it. */
function slotsGiven(steps: readonly Step[]): ReadonlyMap<string, SlotSet> {
  const gifts = steps.flatMap((step) => {
    if (step.kind === 'move-slots') return [{ pod: step.to, slots: slotsOf(step.slots) }];
    return step.kind === 'assign-slots' ? [{ pod: step.pod, slots: slotsOf(step.slots) }] : [];
  });
  const byPod = Map.groupBy(gifts, (gift) => gift.pod);
  return new Map(Array.from(byPod, ([pod, all]) => [pod, union(...all.map(({ slots }) => slots))]));
}

/** The unbound pods that own slots at the end, by their lowest slot. */
function newPrimaries(slots: ReadonlyMap<string, SlotSet>, unbound: readonly string[]): readonly string[] {
  const lowest = (pod: string): number => slots.get(pod)?.[0]?.[0] ?? SLOT_COUNT;
  return unbound.filter((pod) => lowest(pod) < SLOT_COUNT).toSorted((a, b) => lowest(a) - lowest(b));
}

/** Who hands over → who takes over. */
function successions(steps: readonly Step[]): readonly (readonly [string, string])[] {
  return steps.flatMap((step) => (step.kind === 'fail-over' ? [[step.from, step.pod] as const] : []));
}
