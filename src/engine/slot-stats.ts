import { isList, type Reply } from '../core/replies.ts';
import { SLOT_COUNT } from '../core/slots.ts';
import type { Connection } from '../ports/redis.ts';
import { answerTo } from '../servers/ask.ts';

/** What CLUSTER SLOT-STATS tells of a slot, of `[slot, ['key-count', 12, …]]`; null: it does not tell that. */
export function statOf(entry: Reply, name: string): number | null {
  const stats = isList(entry) ? (entry[1] ?? null) : null;
  if (!isList(stats)) return null;
  const at = stats.findIndex((field) => String(field) === name);
  const value = at === -1 ? undefined : stats[at + 1];
  return typeof value === 'number' ? value : null;
}

/**
 * Bytes of the keys in each slot that the server owns, without what it needs besides to find them. Null where it does not count them:
 * Redis does from 8.6 on, where `cluster-slot-stats-enabled` was set at its start.
 * @param slot one that it owns, asked about first: all of them are a long answer
 */
export async function bytesBySlot(
  connection: Connection,
  slot: number,
  options: { readonly signal: AbortSignal },
): Promise<ReadonlyMap<number, number> | null> {
  const [first] = (await statsOf(connection, slot, slot, options)) ?? [];
  if (first === undefined || statOf(first, 'memory-bytes') === null) return null;
  const all = (await statsOf(connection, 0, SLOT_COUNT - 1, options)) ?? [];
  return new Map(all.map((entry) => [isList(entry) ? Number(entry[0]) : -1, statOf(entry, 'memory-bytes') ?? 0]));
}

/** Null where the server refuses: not to this user, or not in this form. */
export async function statsOf(
  connection: Connection,
  first: number,
  last: number,
  options: { readonly signal: AbortSignal },
): Promise<readonly Reply[] | null> {
  const answer = await answerTo(connection, ['CLUSTER', 'SLOT-STATS', 'SLOTSRANGE', first, last], options);
  return answer.ok && isList(answer.value) ? answer.value : null;
}
