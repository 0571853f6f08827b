import { type Command, CREDENTIALS } from '../ports/redis.ts';
import type { Pair } from './pair.ts';

/**
 * `MIGRATE host port "" database timeout …`: the donor connects to the receiver, sends the keys and deletes its own.
 * REPLACE is safe while the donor is the migrating owner: what the receiver has of these keys can only be older.
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
