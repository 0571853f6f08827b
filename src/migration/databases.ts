import type { Pod } from '../core/cluster.ts';
import { type Reply, text } from '../core/replies.ts';
import type { Connection, Redis } from '../ports/redis.ts';
import { ask, STEADY } from '../servers/ask.ts';
import { inLine } from './in-line.ts';
import type { Side } from './pair.ts';

/** Asks a server which databases hold keys. */
export const KEYSPACE_QUESTION = ['INFO', 'keyspace'] as const;

/** Databases that hold keys, of the reply to `KEYSPACE_QUESTION`: more than 0 on Valkey ≥ 9 with `cluster-databases`. */
export function databasesIn(reply: Reply, pod: string): readonly number[] {
  const info = text(reply, `INFO keyspace of ${pod}`);
  return [...info.matchAll(/^db(\d+):/gm)].map((match) => Number(match[1]));
}

/** Keys of all databases, of the reply to `KEYSPACE_QUESTION`. */
export function keysTold(reply: Reply, pod: string): number {
  const info = text(reply, `INFO keyspace of ${pod}`);
  return [...info.matchAll(/^db\d+:keys=(\d+)/gm)].reduce((sum, match) => sum + Number(match[1]), 0);
}

export async function databasesWithKeys(connection: Connection): Promise<readonly number[]> {
  return databasesIn(await ask(connection, KEYSPACE_QUESTION, { signal: STEADY }), connection.pod);
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
