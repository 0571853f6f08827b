import type { Pod } from '../core/cluster.ts';
import { Failure } from '../core/failure.ts';
import { meaningOf } from '../core/server-errors.ts';
import { answerTo, refusal } from '../ports/ask.ts';
import type { StepContext } from '../ports/context.ts';
import type { Command } from '../ports/redis.ts';

/** A payload of no library at all: version and checksum alone, which an older server would refuse for nothing. */
const EMPTY = 10;

/**
 * Copies the function libraries from one node to another (FUNCTION DUMP, RESTORE REPLACE): MIGRATE moves keys only, and
 * clients that call a function on the new primary would be told that there is none. Servers before Redis 7 have none.
 * With `min-replicas-to-write` a primary takes none before its replicas are there: `no-replicas` then, and nothing is copied.
 */
export async function copyFunctions(from: Pod, to: Pod, context: StepContext): Promise<'done' | 'no-replicas'> {
  const { stop: signal } = context;
  const [source, target] = await Promise.all([
    context.redis.connection(from, { signal }),
    context.redis.connection(to, { signal }),
  ]);
  const dumped = await answerTo(source, ['FUNCTION', 'DUMP'], { signal });
  if (!dumped.ok && meaningOf(dumped.error) === 'unknown-command') return 'done';
  if (!dumped.ok) throw refusal(from.name, ['FUNCTION', 'DUMP'], dumped.error);
  if (!Buffer.isBuffer(dumped.value)) {
    throw new Failure('redis-error', `FUNCTION DUMP of ${from.name} gives no payload.`, {
      remedy: 'Open an issue with this message.',
    });
  }
  if (dumped.value.length <= EMPTY) return 'done';
  const there = await answerTo(target, ['FUNCTION', 'DUMP'], { signal });
  if (there.ok && Buffer.isBuffer(there.value) && there.value.equals(dumped.value)) return 'done';
  const restore: Command = ['FUNCTION', 'RESTORE', dumped.value, 'REPLACE'];
  const restored = await answerTo(target, restore, { signal });
  if (restored.ok) return 'done';
  const meaning = meaningOf(restored.error);
  if (meaning === 'no-replicas') return meaning;
  if (meaning !== 'unknown-command') throw refusal(to.name, ['FUNCTION', 'RESTORE'], restored.error);
  context.tell({ kind: 'note', text: `${to.name} is too old for functions: those of ${from.name} were not copied.` });
  return 'done';
}
