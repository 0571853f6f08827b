import { meaningOf, type ServerError } from '../core/server-errors.ts';
import type { Command, Connection } from '../ports/redis.ts';
import { refusal, STEADY } from '../servers/ask.ts';

/** The keys of one MIGRATE. */
export interface Pack {
  readonly keys: readonly Buffer[];
  readonly bytes: number;
}

/**
 * `moved`: the slot has another owner since a moment ago. `ask`: the slot is open and a client has deleted the key meanwhile, or it has expired. `cluster-down`: a failover is under
 * way, during which keys can be moved and not be looked at.
 */
const UNKNOWN: readonly ServerError[] = ['moved', 'ask', 'cluster-down', 'no-permission', 'unknown-command'];

/**
 * How many bytes each key takes in the donor's memory. MEMORY USAGE looks at a few elements of a large key only: 20 to
 * 40 µs a key. 0 for one that is gone meanwhile, or where the user has no right to ask or the command is renamed.
 */
export async function sizesOf(donor: Connection, keys: readonly Buffer[]): Promise<readonly number[]> {
  const commands = keys.map((key): Command => ['MEMORY', 'USAGE', key]);
  const answers = await donor.send(commands, { signal: STEADY });
  return answers.map((answer) => {
    if (answer.ok) return typeof answer.value === 'number' ? answer.value : 0;
    if (UNKNOWN.includes(meaningOf(answer.error))) return 0;
    throw refusal(donor.pod, ['MEMORY', 'USAGE'], answer.error);
  });
}

/**
 * Parts the keys in their order, into parts of about equally many keys and within the bound of bytes; a key that is larger
 * than that goes alone. A rest of less than half a part is shared out among the others instead of costing a round trip and
 * a halt of the donor of its own.
 * @param bounds.keys of one part, which may hold half as many more
 */
export function packs(
  keys: readonly Buffer[],
  sizes: readonly number[],
  bounds: { readonly keys: number; readonly bytes: number },
): readonly Pack[] {
  const most = Math.ceil(keys.length / Math.max(1, Math.round(keys.length / bounds.keys)));
  const parts: { keys: Buffer[]; bytes: number }[] = [];
  for (const [i, key] of keys.entries()) {
    const size = sizes[i] ?? 0;
    const last = parts.at(-1);
    if (last === undefined || last.keys.length >= most || last.bytes + size > bounds.bytes) {
      parts.push({ keys: [key], bytes: size });
    } else {
      last.keys.push(key);
      last.bytes += size;
    }
  }
  return parts;
}
