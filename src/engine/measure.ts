import { memberOf, type Pod, podOf } from '../core/cluster.ts';
import { each, parse } from '../core/slots.ts';
import { countHeld } from '../migration/count-keys.ts';
import type { Counted } from '../plan/estimate.ts';
import type { Plan } from '../plan/plan.ts';
import { steps } from '../plan/plan.ts';
import type { Redis } from '../ports/redis.ts';
import type { Step } from '../steps/index.ts';
import { bytesBySlot } from './slot-stats.ts';

/**
 * Counts the keys in the slots that a plan moves, on the pods that own them now, and their bytes where a server counts these.
 * A move from a pod that owns nothing yet has none. Moves whose donor is not there are left out.
 */
export async function countKeys(
  plan: Plan,
  redis: Redis,
  options: { signal: AbortSignal },
): Promise<ReadonlyMap<Step, Counted>> {
  const moves = steps(plan).filter((step) => step.kind === 'move-slots');
  const counted = await Promise.all(
    moves.map(async (step): Promise<readonly [Step, Counted] | null> => {
      const pod = holderNow(plan, step.from);
      if (pod === undefined) return null;
      const slots = [...each(parse(step.slots) ?? [])];
      const main = await redis.connection(pod, options);
      const counts = await countHeld({ pod, main, open: (one, how) => redis.open(one, how) }, slots);
      const filled = slots.map((slot, i) => [slot, counts[i] ?? 0] as const);
      const keys = new Map(filled.filter(([, n]) => n > 0));
      return [step, { keys, share: await shareOf(plan, { pod, slots }, redis, options) }];
    }),
  );
  return new Map(counted.filter((entry) => entry !== null));
}

/** The pod that has what is to move: a replica that takes over before the move has it from its primary, and answers for no key now. */
export function holderNow({ before }: Plan, from: string): Pod | undefined {
  const member = memberOf(before, from);
  const primary = member?.role === 'replica' ? member.primary : null;
  return podOf(before, primary ?? from);
}

/** Of all that the pod holds, the part that these slots take; null: the server does not tell. */
async function shareOf(
  plan: Plan,
  { pod, slots }: { readonly pod: Pod; readonly slots: readonly number[] },
  redis: Redis,
  options: { signal: AbortSignal },
): Promise<number | null> {
  const member = memberOf(plan.before, pod.name);
  const [first] = member?.slots ?? [];
  // Valkey counts no bytes.
  if (first === undefined || member?.capabilities?.slotStats !== true || member.facts.software !== 'redis') return null;
  const bytes = await bytesBySlot(await redis.connection(pod, options), first[0], options);
  const all = sum([...(bytes?.values() ?? [])]);
  return bytes === null || all === 0 ? null : sum(slots.map((slot) => bytes.get(slot) ?? 0)) / all;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, n) => total + n, 0);
}
