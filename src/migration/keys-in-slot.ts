import { Failure } from '../core/failure.ts';
import { array } from '../core/replies.ts';
import type { Command, Reply } from '../ports/redis.ts';

export function getKeys(slot: number, limit: number): Command {
  return ['CLUSTER', 'GETKEYSINSLOT', slot, limit];
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
