import { memberOf, type Pod } from '../core/cluster.ts';
import { type Library, librariesIn } from '../core/libraries.ts';
import { meaningOf } from '../core/server-errors.ts';
import type { StepContext } from '../ports/context.ts';
import type { Command, Connection } from '../ports/redis.ts';
import { answerTo, refusal } from '../servers/ask.ts';

export interface Copying {
  readonly from: Pod;
  readonly to: Pod;
  /** Whose library counts where both have one of a name: that of a receiver which serves slots already may be newer. */
  readonly keep: 'donor' | 'receiver';
}

const LIST: Command = ['FUNCTION', 'LIST', 'WITHCODE'];

/**
 * Copies the function libraries that one node has and another lacks (FUNCTION LIST, LOAD): MIGRATE moves keys only, and
 * clients that call a function on the new primary would be told that there is none. Servers before Redis 7 have none.
 * What is not copied is told, by its name.
 * With `min-replicas-to-write` a primary takes none before its replicas are there: `no-replicas` then.
 */
export async function copyFunctions(copying: Copying, context: StepContext): Promise<'done' | 'no-replicas'> {
  const { from, to, keep } = copying;
  const { stop: signal } = context;
  const [source, target] = await Promise.all([
    context.redis.connection(from, { signal }),
    context.redis.connection(to, { signal }),
  ]);
  const tell = (text: string): void => context.tell({ kind: 'note', text });
  const wanted = await librariesOn(source, signal);
  if (wanted === null) {
    const libraries = memberOf(context.cluster, from.name)?.facts.libraries ?? 0;
    if (libraries > 0)
      tell(
        `${from.name} has ${libraries} function libraries and no FUNCTION LIST that can be read (it may be renamed, rename-command): load them on ${to.name} yourself.`,
      );
    return 'done';
  }
  if (wanted.length === 0) return 'done';
  const there = await librariesOn(target, signal);
  if (there === null) {
    tell(`${to.name} is too old for functions, or FUNCTION is renamed there: those of ${from.name} were not copied.`);
    return 'done';
  }
  const codes = new Map(there.map(({ name, code }) => [name, code]));
  const isOther = ({ name, code }: Library): boolean => codes.has(name) && codes.get(name) !== code;
  const others = wanted.filter(isOther);
  if (keep === 'receiver' && others.length > 0) tell(otherWords(others, copying));
  const loading = wanted.filter((one) => !codes.has(one.name) || (keep === 'donor' && isOther(one)));
  return loadAll(loading, target, { copying, signal, tell });
}

/** Null: the server knows no such command, or answers what nobody can read. */
async function librariesOn(connection: Connection, signal: AbortSignal): Promise<readonly Library[] | null> {
  const answer = await answerTo(connection, LIST, { signal });
  if (answer.ok) return librariesIn(answer.value);
  if (meaningOf(answer.error) === 'unknown-command') return null;
  throw refusal(connection.pod, LIST, answer.error);
}

interface Loading {
  readonly copying: Copying;
  readonly signal: AbortSignal;
  readonly tell: (text: string) => void;
}

/** One by one: that one cannot be loaded, since another library there has a function of that name, keeps none from the others. */
async function loadAll(
  libraries: readonly Library[],
  target: Connection,
  { copying: { from, to }, signal, tell }: Loading,
): Promise<'done' | 'no-replicas'> {
  for (const { name, code } of libraries) {
    const bytes = Buffer.from(code, 'latin1');
    const loaded = await answerTo(target, ['FUNCTION', 'LOAD', 'REPLACE', bytes], { signal });
    if (loaded.ok) continue;
    const meaning = meaningOf(loaded.error);
    if (meaning === 'no-replicas') return meaning;
    if (!/already exists/i.test(loaded.error)) throw refusal(to.name, ['FUNCTION', 'LOAD'], loaded.error);
    tell(
      `The function library ${name} of ${from.name} is not copied to ${to.name}: "${loaded.error}". Load the same ones on all primaries (FUNCTION LIST shows them).`,
    );
  }
  return 'done';
}

function otherWords(others: readonly Library[], { from, to }: Copying): string {
  const names = others.map(({ name }) => name).join(', ');
  return `The code of the function libraries ${names} is not the same on ${from.name} and ${to.name}, which may have the newer one and keeps it. Load the same ones on all primaries (FUNCTION LOAD REPLACE).`;
}
