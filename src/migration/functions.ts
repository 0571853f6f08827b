import { memberOf, type Pod } from '../core/cluster.ts';
import { Failure } from '../core/failure.ts';
import { meaningOf } from '../core/server-errors.ts';
import { answerTo, refusal } from '../ports/ask.ts';
import type { StepContext } from '../ports/context.ts';
import type { Command } from '../ports/redis.ts';
import { FOOTER, librariesIn } from './libraries.ts';

export interface Copying {
  readonly from: Pod;
  readonly to: Pod;
  /** Whose libraries count where both have some: those of a receiver that serves slots already may be newer. */
  readonly keep: 'donor' | 'receiver';
}

/**
 * Copies the function libraries from one node to another (FUNCTION DUMP, RESTORE): MIGRATE moves keys only, and
 * clients that call a function on the new primary would be told that there is none. Servers before Redis 7 have none.
 * What is not copied is told.
 * With `min-replicas-to-write` a primary takes none before its replicas are there: `no-replicas` then, and nothing is copied.
 */
export async function copyFunctions(
  { from, to, keep }: Copying,
  context: StepContext,
): Promise<'done' | 'no-replicas'> {
  const { stop: signal } = context;
  const [source, target] = await Promise.all([
    context.redis.connection(from, { signal }),
    context.redis.connection(to, { signal }),
  ]);
  const tell = (text: string): void => context.tell({ kind: 'note', text });
  const dumped = await answerTo(source, ['FUNCTION', 'DUMP'], { signal });
  if (!dumped.ok && meaningOf(dumped.error) === 'unknown-command') {
    const libraries = memberOf(context.cluster, from.name)?.facts.libraries ?? 0;
    if (libraries > 0)
      tell(
        `${from.name} has ${libraries} function libraries and no FUNCTION DUMP, which may be renamed (rename-command): load them on ${to.name} yourself.`,
      );
    return 'done';
  }
  if (!dumped.ok) throw refusal(from.name, ['FUNCTION', 'DUMP'], dumped.error);
  if (!Buffer.isBuffer(dumped.value)) {
    throw new Failure('redis-error', `FUNCTION DUMP of ${from.name} gives no payload.`, {
      remedy: 'Open an issue with this message.',
    });
  }
  // An older server would refuse a payload of no library at all for nothing.
  if (dumped.value.length <= FOOTER) return 'done';
  const there = await answerTo(target, ['FUNCTION', 'DUMP'], { signal });
  if (there.ok && Buffer.isBuffer(there.value) && hasAll(there.value, dumped.value)) return 'done';
  const restore: Command = ['FUNCTION', 'RESTORE', dumped.value, keep === 'donor' ? 'REPLACE' : 'APPEND'];
  const restored = await answerTo(target, restore, { signal });
  if (restored.ok) return 'done';
  const meaning = meaningOf(restored.error);
  if (meaning === 'no-replicas') return meaning;
  if (keep === 'receiver' && /already exists/i.test(restored.error)) {
    tell(
      `Functions are not copied from ${from.name} to ${to.name}, whose libraries may be newer: "${restored.error}". Load the same ones on all primaries (FUNCTION LIST shows them).`,
    );
  } else if (meaning === 'unknown-command') {
    tell(`${to.name} is too old for functions, or FUNCTION is renamed there: those of ${from.name} were not copied.`);
  } else throw refusal(to.name, ['FUNCTION', 'RESTORE'], restored.error);
  return 'done';
}

function hasAll(there: Buffer, wanted: Buffer): boolean {
  if (there.equals(wanted)) return true;
  const [held, needed] = [librariesIn(there), librariesIn(wanted)];
  return held !== null && needed !== null && [...needed].every((library) => held.has(library));
}
