import { Failure } from '../../core/failure.ts';
import { isAuthRefusal, isWithoutPassword } from '../../core/server-errors.ts';
import type { Connection } from '../../ports/redis.ts';

export interface Credentials {
  readonly username?: string;
  readonly password?: string;
}

/**
 * Logs in where a password is given, and in any case sees the server answer.
 * Throws Failure `redis-auth` where it is refused.
 */
export async function logIn(
  connection: Connection,
  { username, password }: Credentials,
  options: { signal: AbortSignal; timeout: number },
): Promise<void> {
  const user = username === undefined ? [] : [username];
  const login = password === undefined ? [] : [['AUTH', ...user, password]];
  const answers = await connection.send([...login, ['PING']], options);
  for (const answer of answers) {
    if (answer.ok || !isAuthRefusal(answer.error)) continue;
    throw new Failure(
      'redis-auth',
      `Cannot log in to Redis of pod ${connection.pod}: the server says "${answer.error}".`,
      {
        remedy: isWithoutPassword(answer.error)
          ? 'The servers have no password: remove the input `redis-password`, or set `requirepass` and `masterauth` on all of them.'
          : 'Check the inputs `redis-username` and `redis-password` against the ACL of the servers.',
      },
    );
  }
}
