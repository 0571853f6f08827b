import type { Pod } from '../core/cluster.ts';
import { Failure } from '../core/failure.ts';
import { meaningOf } from '../core/server-errors.ts';
import { answerTo, refusal } from '../ports/ask.ts';
import type { StepContext } from '../ports/context.ts';
import type { Command } from '../ports/redis.ts';

/**
 * Copies the function libraries from one node to another (FUNCTION DUMP, RESTORE REPLACE): MIGRATE moves keys only, and
 * clients that call a function on the new primary would be told that there is none. Servers before Redis 7 have none.
 */
export async function copyFunctions(from: Pod, to: Pod, context: StepContext): Promise<void> {
  const { stop: signal } = context;
  const [source, target] = await Promise.all([
    context.redis.connection(from, { signal }),
    context.redis.connection(to, { signal }),
  ]);
  const dumped = await answerTo(source, ['FUNCTION', 'DUMP'], { signal });
  if (!dumped.ok && meaningOf(dumped.error) === 'unknown-command') return;
  if (!dumped.ok) throw refusal(from.name, ['FUNCTION', 'DUMP'], dumped.error);
  if (!Buffer.isBuffer(dumped.value)) {
    throw new Failure('redis-error', `FUNCTION DUMP of ${from.name} gives no payload.`, {
      remedy: 'Open an issue with this message.',
    });
  }
  const there = await answerTo(target, ['FUNCTION', 'DUMP'], { signal });
  if (there.ok && Buffer.isBuffer(there.value) && there.value.equals(dumped.value)) return;
  const restore: Command = ['FUNCTION', 'RESTORE', dumped.value, 'REPLACE'];
  const restored = await answerTo(target, restore, { signal });
  if (restored.ok) return;
  if (meaningOf(restored.error) !== 'unknown-command') throw refusal(to.name, ['FUNCTION', 'RESTORE'], restored.error);
  context.tell({ kind: 'note', text: `${to.name} is too old for functions: those of ${from.name} were not copied.` });
}
