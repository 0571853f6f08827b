import { type Command, CREDENTIALS } from '../ports/redis.ts';
import type { Pair } from './pair.ts';

/**
 * `MIGRATE host port "" database timeout …`: the donor connects to the receiver, sends the keys and deletes its own.
 * REPLACE while the donor is the migrating owner: of a key that both have, clients are served by the donor, so what the receiver has
 * was left by a MIGRATE that was cut off. After a failover of the donor it may also be what the new one has not heard the end of:
 * both may have been written then, and the donor's count goes on, which has been for longer (README, "Limits").
 * @param how.timeout milliseconds
 * @param how.keep whose copy counts where both have a key
 */
export function migrateCommand(
  pair: Pair,
  keys: readonly (Buffer | string)[],
  {
    database = 0,
    timeout,
    copy = false,
    keep = 'donor',
  }: { database?: number; timeout: number; copy?: boolean; keep?: 'donor' | 'receiver' },
): Command {
  const { host, port } = pair.address;
  const mode = [...(copy ? ['COPY'] : []), ...(keep === 'donor' ? ['REPLACE'] : [])];
  return ['MIGRATE', host, port, '', database, timeout, ...mode, CREDENTIALS, 'KEYS', ...keys];
}
