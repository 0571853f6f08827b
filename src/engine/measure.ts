import { podOf } from '../core/cluster.ts';
import { each, parse } from '../core/slots.ts';
import { countHeld } from '../migration/count-keys.ts';
import type { Plan } from '../plan/plan.ts';
import { steps } from '../plan/plan.ts';
import type { Redis } from '../ports/redis.ts';
import type { Step } from '../steps/index.ts';

/** Slot → how many keys it holds; slots without any are left out. */
export type KeysBySlot = ReadonlyMap<number, number>;

/**
 * Counts the keys in the slots that a plan moves, on the pods that own them now.
 * A move from a pod that owns nothing yet has none. Moves whose donor is not there are left out.
 */
export async function countKeys(
  plan: Plan,
  redis: Redis,
  options: { signal: AbortSignal },
): Promise<ReadonlyMap<Step, KeysBySlot>> {
  const moves = steps(plan).filter((step) => step.kind === 'move-slots');
  const counted = await Promise.all(
    moves.map(async (step): Promise<readonly [Step, KeysBySlot] | null> => {
      const pod = podOf(plan.before, step.from);
      if (pod === undefined) return null;
      const slots = [...each(parse(step.slots) ?? [])];
      const main = await redis.connection(pod, options);
      const counts = await countHeld({ pod, main, open: (one, how) => redis.open(one, how) }, slots);
      const filled = slots.map((slot, i) => [slot, counts[i] ?? 0] as const);
      return [step, new Map(filled.filter(([, keys]) => keys > 0))];
    }),
  );
  return new Map(counted.filter((entry) => entry !== null));
}
