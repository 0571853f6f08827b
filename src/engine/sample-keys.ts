import type { Pod } from '../core/cluster.ts';
import { meaningOf } from '../core/server-errors.ts';
import { getKeys, keysOf } from '../migration/keys-in-slot.ts';
import { sizesOf } from '../migration/sizes.ts';
import type { Counted } from '../plan/estimate.ts';
import { LARGE, type LargeKey } from '../plan/large-keys.ts';
import type { Plan } from '../plan/plan.ts';
import type { Connection, Redis } from '../ports/redis.ts';
import { refusal } from '../servers/ask.ts';
import type { Step } from '../steps/index.ts';
import { holderNow } from './measure.ts';

/** Slots of one move that are looked into, spread over those with keys, and keys of each: some ten milliseconds a donor. */
const SLOTS = 256;
const KEYS = 4;

/** Slots that are asked about at once: a pipeline is answered in one turn of the server. */
const AT_ONCE = 64;

/**
 * Large keys among a sample of those that a plan moves, in the first database. Empty where the user may not ask for keys or
 * their sizes: a user to plan with need not have that right.
 * @param counts of each move, the keys in its slots
 */
export async function sampleLargeKeys(
  plan: Plan,
  counts: ReadonlyMap<Step, Counted>,
  redis: Redis,
  options: { signal: AbortSignal },
): Promise<readonly LargeKey[]> {
  const sampled = await Promise.all(
    Array.from(counts, async ([step, { keys }]): Promise<readonly LargeKey[]> => {
      const pod = step.kind === 'move-slots' ? holderNow(plan, step.from) : undefined;
      return pod === undefined ? [] : largeKeysOf(pod, spread([...keys.keys()]), redis, options);
    }),
  );
  return sampled.flat();
}

/** At most SLOTS of them, evenly: the same ones each time. */
function spread(slots: readonly number[]): readonly number[] {
  const every = Math.max(1, slots.length / SLOTS);
  return Array.from({ length: Math.min(SLOTS, slots.length) }, (_, i) => slots[Math.floor(i * every)] ?? 0);
}

async function largeKeysOf(
  pod: Pod,
  slots: readonly number[],
  redis: Redis,
  options: { signal: AbortSignal },
): Promise<readonly LargeKey[]> {
  const connection = await redis.connection(pod, options);
  const found: LargeKey[] = [];
  for (let begin = 0; begin < slots.length; begin += AT_ONCE) {
    const keys = await keysIn(slots.slice(begin, begin + AT_ONCE), connection, options);
    if (keys === null) return [];
    const sizes =
      keys.length === 0
        ? []
        : await sizesOf(
            connection,
            keys.map(({ key }) => key),
          );
    const sized = keys.map(({ slot }, i): LargeKey => ({ pod: pod.name, slot, bytes: sizes[i] ?? 0 }));
    found.push(...sized.filter(({ bytes }) => bytes >= LARGE));
  }
  return found;
}

/** Null where the user may not ask. */
async function keysIn(
  slots: readonly number[],
  connection: Connection,
  options: { signal: AbortSignal },
): Promise<readonly { readonly key: Buffer; readonly slot: number }[] | null> {
  const commands = slots.map((slot) => getKeys(slot, KEYS));
  const answers = await connection.send(commands, options);
  const keys: { key: Buffer; slot: number }[] = [];
  for (const [i, answer] of answers.entries()) {
    const slot = slots[i] ?? 0;
    if (answer.ok) keys.push(...keysOf(answer.value, connection.pod).map((key) => ({ key, slot })));
    else if (meaningOf(answer.error) === 'no-permission') return null;
    else throw refusal(connection.pod, getKeys(slot, KEYS), answer.error);
  }
  return keys;
}
