import { Failure } from '../core/failure.ts';
import { array } from '../core/replies.ts';
import type { Command, Reply } from '../ports/redis.ts';
import type { Stride } from './pace.ts';

export function getKeys(slot: number, limit: number): Command {
  return ['CLUSTER', 'GETKEYSINSLOT', slot, limit];
}

/** Asks for twice as many as one MIGRATE is to take: then it shows whether the rest is worth one of its own. */
export function nextKeys(slot: number, { keysPerMigrate }: Pick<Stride, 'keysPerMigrate'>): Command {
  return getKeys(slot, 2 * keysPerMigrate);
}

/** What `nextKeys` was answered. */
export function namesOf(
  reply: Reply,
  pod: string,
  { keysPerMigrate }: Pick<Stride, 'keysPerMigrate'>,
): { readonly keys: readonly Buffer[]; readonly isWhole: boolean } {
  const keys = keysOf(reply, pod);
  return { keys, isWhole: keys.length < 2 * keysPerMigrate };
}

/** The names of keys, which may hold any bytes. */
export function keysOf(reply: Reply, pod: string): readonly Buffer[] {
  return array(reply, `CLUSTER GETKEYSINSLOT of ${pod}`).map((key) => {
    if (Buffer.isBuffer(key)) return key;
    throw new Failure('redis-error', `Cannot read a key name in the reply of ${pod} to CLUSTER GETKEYSINSLOT.`, {
      remedy: 'Open an issue with this message.',
    });
  });
}
