import type { Pod } from '../core/cluster.ts';
import { text } from '../core/replies.ts';
import { ask, STEADY } from '../ports/ask.ts';
import type { Connection, Redis } from '../ports/redis.ts';
import { inLine } from './in-line.ts';
import type { Side } from './pair.ts';

/** Databases that hold keys: more than 0 on Valkey ≥ 9 with `cluster-databases`. */
export async function databasesWithKeys(connection: Connection): Promise<readonly number[]> {
  const reply = await ask(connection, ['INFO', 'keyspace'], { signal: STEADY });
  const info = text(reply, `INFO keyspace of ${connection.pod}`);
  return [...info.matchAll(/^db(\d+):/gm)].map((match) => Number(match[1]));
}

/** Redis in cluster mode has database 0 and no other. */
export async function furtherDatabases({
  software,
  main,
}: Pick<Side, 'software' | 'main'>): Promise<readonly number[]> {
  return software === 'redis' ? [] : (await databasesWithKeys(main)).filter((database) => database !== 0);
}

/** A connection for one of them, to be disposed by the caller. */
export async function openDatabase(
  server: { readonly pod: Pod; readonly open: Redis['open'] },
  database: number,
): Promise<Connection> {
  const connection = inLine(await server.open(server.pod, { signal: STEADY }));
  await ask(connection, ['SELECT', database], { signal: STEADY });
  return connection;
}
