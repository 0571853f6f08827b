import type { Pod } from '../core/cluster.ts';
import { number } from '../core/replies.ts';
import type { Answer, Command, Connection, Redis } from '../ports/redis.ts';
import { refusal, STEADY } from '../servers/ask.ts';
import { countByScript } from './count-script.ts';
import { databasesWithKeys, openDatabase } from './databases.ts';
import type { Pair, Side } from './pair.ts';
import { mayRun } from './script.ts';

/** How many keys a side holds of each slot, as `countHeld`. */
export function countKeys(pair: Pair, side: Side, slots: readonly number[]): Promise<readonly number[]> {
  if (slots.length === 0) return Promise.resolve([]);
  if (side.software === 'redis' && mayRun(side.main)) return countIn(side.main, slots);
  return countHeld({ pod: side.pod, main: side.main, open: pair.open }, slots);
}

/**
 * How many keys a server holds of each slot, in their order, all databases together. A server without keys, as a new
 * one is, is asked only that.
 */
export async function countHeld(
  server: { readonly pod: Pod; readonly main: Connection; readonly open: Redis['open'] },
  slots: readonly number[],
): Promise<readonly number[]> {
  let counts = slots.map(() => 0);
  for (const database of await databasesWithKeys(server.main)) {
    await using further = database === 0 ? null : await openDatabase(server, database);
    const more = await countIn(further ?? server.main, slots);
    counts = counts.map((keys, i) => keys + (more[i] ?? 0));
  }
  return counts;
}

/** COUNTKEYSINSLOT counts the database that the connection has selected. */
async function countIn(connection: Connection, slots: readonly number[]): Promise<readonly number[]> {
  return (await countByScript(connection, slots)) ?? (await countOneByOne(connection, slots));
}

async function countOneByOne(connection: Connection, slots: readonly number[]): Promise<readonly number[]> {
  const commands = slots.map((slot): Command => ['CLUSTER', 'COUNTKEYSINSLOT', slot]);
  const answers = await connection.send(commands, { signal: STEADY });
  return answers.map((answer) => keysIn(answer, connection.pod));
}

/** What COUNTKEYSINSLOT answers. */
export function keysIn(answer: Answer | undefined, pod: string): number {
  if (answer?.ok !== true) throw refusal(pod, ['CLUSTER', 'COUNTKEYSINSLOT'], answer?.error ?? 'nothing');
  return number(answer.value, `CLUSTER COUNTKEYSINSLOT of ${pod}`);
}
