import { memberOf } from '../core/cluster.ts';
import { KINDS, type Step } from '../steps/index.ts';
import { isWithin } from '../steps/seen.ts';
import { exchange } from './exchange.ts';
import { departures, outcomeOf, successions } from './outcome-of-steps.ts';
import { type Plan, steps } from './plan.ts';

export type Rest =
  | { readonly rest: true }
  /** Sentences for people, of what is other than approved. */
  | { readonly rest: false; readonly differences: readonly string[] };

/**
 * Whether a plan made now is the approved one, or what is left of it: each of its steps is one of the approved steps or
 * the open part of one, and it leads to the same end. A step that is missing because it is done is fine.
 * @param approvedUnbound pods that did not exist when the plan was approved. They may have exchanged their roles, and
 *   where they were scheduled may make it better to place other replicas anew.
 */
export function isRest(approved: readonly Step[], now: Plan, approvedUnbound: readonly string[]): Rest {
  const name = exchange(approved, now, approvedUnbound);
  const bound = approved.map((step) => KINDS.rename(step, name));
  const mayPlaceReplicas = approvedUnbound.length > 0;
  const extra = steps(now).filter(
    (step) => !isAgreed(step, bound) && !isOnlyWaiting(step, now) && !isSettlingIn(step, approvedUnbound),
  );
  const differences = [
    ...extra.map((step) => wordsOfDifference(step, bound)),
    ...departures(outcomeOf(bound), now.after, { mayPlaceReplicas }).map((text) => `Changed: ${text}`),
  ];
  return differences.length === 0 ? { rest: true } : { rest: false, differences };
}

/** For pods that are not ready, or for a replica that has the right primary and has not caught up. */
function isOnlyWaiting(step: Step, now: Plan): boolean {
  if (step.kind === 'wait-for-pods') return true;
  return step.kind === 'replicate' && memberOf(now.before, step.pod)?.primary === step.primary;
}

/**
 * What new pods bring with them: replicas are placed anew, of pods that have been joined or are to be; and one that came up on
 * a volume that was kept, from a removal that was killed before its reset, is a member already that others have to meet.
 */
function isSettlingIn(step: Step, unbound: readonly string[]): boolean {
  if (step.kind === 'repair-address') return unbound.includes(step.pod);
  return unbound.length > 0 && (step.kind === 'replicate' || step.kind === 'join');
}

function isAgreed(step: Step, approved: readonly Step[]): boolean {
  if (step.kind === 'repair-slots') {
    const pods = [step.owner, ...step.others];
    const isPartOf = (move: Step): boolean =>
      move.kind === 'move-slots' &&
      pods.every((pod) => pod === move.from || pod === move.to) &&
      isWithin(step.slots, move.slots);
    if (approved.some(isPartOf)) return true;
  }
  // Of an approved removal that was cut off after the reset, the forgetting may be all that is left.
  if (step.kind === 'forget' && approved.some((other) => other.kind === 'remove')) return true;
  return approved.some((other) => KINDS.covers(other, step)) || isAgreedAfterFailover(step, approved);
}

/** What was to go to a primary goes to the replica that has taken over from it, where a failover is approved, too. */
function isAgreedAfterFailover(step: Step, approved: readonly Step[]): boolean {
  if (step.kind !== 'move-slots' && step.kind !== 'replicate') return false;
  const successor = successions(approved);
  return approved.some((other) => other.kind === step.kind && KINDS.covers(KINDS.rename(other, successor), step));
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
