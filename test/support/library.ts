import type { Reply } from '../../src/core/replies.ts';
import type { Command } from '../../src/ports/redis.ts';

/** Asks one server; an error that it answers with is thrown. */
export type Ask = (command: Command) => Promise<Reply>;

const LIBRARY = `#!lua name=kept
redis.register_function('kept', function(keys) return redis.call('GET', keys[1]) end)`;

/** Loads a function, as its users do it on every primary. @returns false: servers before Redis 7 have none */
export async function loadLibrary(asks: readonly Ask[]): Promise<boolean> {
  const [first] = asks;
  const known = await first?.(['COMMAND', 'INFO', 'function']);
  if (!Array.isArray(known) || known[0] === null) return false;
  for (const ask of asks) await ask(['FUNCTION', 'LOAD', LIBRARY]);
  return true;
}

/** Calls it for a key of its own, which is gone afterwards. @returns what it answered, which is to be `value` */
export async function callLibrary(ask: Ask, { word, value }: { word: string; value: string }): Promise<string> {
  const key = `function:{${word}}`;
  await ask(['SET', key, value]);
  const answer = String(await ask(['FCALL', 'kept', 1, key]));
  await ask(['DEL', key]);
  return answer;
}
