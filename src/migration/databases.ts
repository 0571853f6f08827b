import { text } from '../core/replies.ts';
import { ask, STEADY } from '../ports/ask.ts';
import type { Connection } from '../ports/redis.ts';
import type { Pair, Side } from './pair.ts';

/** Databases other than 0 that hold keys (Valkey ≥ 9 with `cluster-databases`). */
export async function furtherDatabases(connection: Connection): Promise<readonly number[]> {
  const reply = await ask(connection, ['INFO', 'keyspace'], { signal: STEADY });
  const info = text(reply, `INFO keyspace of ${connection.pod}`);
  return [...info.matchAll(/^db(\d+):/gm)].map((match) => Number(match[1])).filter((database) => database !== 0);
}

/** A connection for one of them, to be disposed by the caller. */
export async function openDatabase(pair: Pair, side: Side, database: number): Promise<Connection> {
  const connection = await pair.open(side.pod, { signal: STEADY });
  await ask(connection, ['SELECT', database], { signal: STEADY });
  return connection;
}
