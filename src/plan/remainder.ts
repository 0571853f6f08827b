import { isNowhere } from '../core/stranger-findings.ts';
import { KINDS, type Step } from '../steps/index.ts';
import { isWithin } from '../steps/seen.ts';
import { exchange } from './exchange.ts';
import { departures, type Outcome, outcomeOf, successions } from './outcome-of-steps.ts';
import { type Plan, steps } from './plan.ts';
import { statesOf } from './stages.ts';
import { workIn } from './waiting.ts';

export type Rest =
  | { readonly rest: true }
  /** Sentences for people, of what is other than approved. */
  | { readonly rest: false; readonly differences: readonly string[] };

/**
 * Whether a plan made now is the approved one, or what is left of it: each of its steps is one of the approved steps or
 * the open part of one, and it leads to the same end. A step that is missing because it is done is fine.
 * @param approvedUnbound pods that did not exist when the plan was approved. They may have exchanged their roles, and
 *   where they were scheduled may make it better that one of them changes places with a replica that is there.
 */
export function isRest(approved: readonly Step[], now: Plan, approvedUnbound: readonly string[]): Rest {
  const name = exchange(approved, now, approvedUnbound);
  const bound = approved.map((step) => KINDS.rename(step, name));
  const outcome = outcomeOf(bound);
  const placed = new Set([...approvedUnbound, ...exchanged(outcome, now, approvedUnbound)]);
  const work = workIn(now.stages, statesOf(now.before, now.stages)).map((planned) => planned.step);
  const extra = work.filter((step) => !isAgreed(step, bound, now) && !isSettlingIn(step, approvedUnbound, placed));
  const differences = [
    ...extra.map((step) => wordsOfDifference(step, bound)),
    ...departures(outcome, now.after, placed).map((text) => `Changed: ${text}`),
  ];
  return differences.length === 0 ? { rest: true } : { rest: false, differences };
}

/**
 * Replicas that were there and get a place that was to be filled by another pod, which stays away from it because of where new
 * pods run. So no primary is copied to more pods than was approved, but to new ones.
 */
function exchanged({ replicas }: Outcome, now: Plan, unbound: readonly string[]): readonly string[] {
  if (unbound.length === 0) return [];
  const isAtHome = (pod: string, primary: string): boolean => unbound.includes(pod) || replicas.get(pod) === primary;
  const vacant = new Map<string, number>();
  const add = (primary: string, n: number): void => {
    vacant.set(primary, (vacant.get(primary) ?? 0) + n);
  };
  for (const primary of replicas.values()) add(primary, 1);
  const attached = now.after.members.flatMap(({ pod, primary }) => (primary === null ? [] : [{ pod, primary }]));
  for (const { pod, primary } of attached) if (isAtHome(pod, primary)) add(primary, -1);
  const moving = new Set(steps(now).flatMap((step) => (step.kind === 'replicate' ? [step.pod] : [])));
  return attached.flatMap(({ pod, primary }) => {
    const isElsewhere = !isAtHome(pod, primary) && (moving.has(pod) || replicas.has(pod));
    if (!isElsewhere || (vacant.get(primary) ?? 0) <= 0) return [];
    add(primary, -1);
    return [pod];
  });
}

/**
 * What new pods bring with them: they join, and are placed where they are of use; and one that came up on a volume that was
 * kept, from a removal that was killed before its reset, is a member already that others have to meet.
 */
function isSettlingIn(step: Step, unbound: readonly string[], placed: ReadonlySet<string>): boolean {
  if (step.kind === 'replicate') return placed.has(step.pod);
  return (step.kind === 'repair-address' || step.kind === 'join') && unbound.includes(step.pod);
}

function isAgreed(step: Step, approved: readonly Step[], now: Plan): boolean {
  if (step.kind === 'repair-slots') {
    const pods = [step.owner, ...step.others];
    const isPartOf = (move: Step): boolean =>
      move.kind === 'move-slots' &&
      pods.every((pod) => pod === move.from || pod === move.to) &&
      isWithin(step.slots, move.slots);
    if (approved.some(isPartOf)) return true;
  }
  // Of an approved removal that was cut off after the reset, the forgetting may be all that is left: of a node that owns
  // nothing and that nobody finds any more. One that has failed is another matter.
  const isLeft = step.kind === 'forget' && isLeftByReset(step.node, now);
  if (isLeft && approved.some((other) => other.kind === 'remove')) return true;
  return approved.some((other) => KINDS.covers(other, step)) || isAgreedAfterFailover(step, approved);
}

function isLeftByReset(node: string, { before }: Plan): boolean {
  return before.strangers.some((stranger) => stranger.id === node && isNowhere(stranger));
}

/**
 * What was to go to a primary goes to the replica that has taken over from it, where a failover is approved, too; and what was to
 * go to that replica may go to the primary while it is still one: the shard is the same.
 */
function isAgreedAfterFailover(step: Step, approved: readonly Step[]): boolean {
  if (step.kind !== 'move-slots' && step.kind !== 'replicate') return false;
  const successor = successions(approved);
  const now: Step =
    step.kind === 'move-slots'
      ? KINDS.rename(step, successor)
      : { ...step, primary: step.pod === successor(step.primary) ? step.primary : successor(step.primary) };
  return approved.some((other) => other.kind === step.kind && KINDS.covers(KINDS.rename(other, successor), now));
}

function wordsOfDifference(step: Step, approved: readonly Step[]): string {
  const pods = podsOf(step).join();
  const kin = approved.find((other) => other.kind === step.kind && podsOf(other).join() === pods);
  if (kin === undefined) return `Not in the approved plan: ${KINDS.words(step)}.`;
  return `Changed: approved was "${KINDS.words(kin)}", now it is "${KINDS.words(step)}".`;
}

function podsOf(step: Step): readonly string[] {
  const pods: string[] = [];
  KINDS.rename(step, (pod) => {
    pods.push(pod);
    return pod;
  });
  return pods;
}
