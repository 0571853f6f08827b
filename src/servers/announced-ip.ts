import { isList } from '../core/replies.ts';
import type { Connection } from '../ports/redis.ts';

/**
 * The IP that a server is configured to announce to its cluster; null where it announces none, or does not tell: CONFIG is
 * often forbidden or renamed. On the node's own line it may also be one that it has left, so only this says that it is on purpose.
 */
export async function announcedIp(
  connection: Connection,
  options: { readonly signal: AbortSignal; readonly timeout: number },
): Promise<string | null> {
  const [answer] = await connection.send([['CONFIG', 'GET', 'cluster-announce-ip']], options);
  const value = answer?.ok === true && isList(answer.value) ? answer.value[1] : null;
  return typeof value === 'string' || Buffer.isBuffer(value) ? value.toString() || null : null;
}
