import type { Connection } from '../../../src/ports/redis.ts';
import type { ClusterSeeds } from '../cluster-client.ts';
import { HASH_WRITES, LIST_AND_SET_WRITES, SORTED_SET_WRITES } from './collections.ts';
import { OTHER_WRITES } from './others.ts';
import { STREAM_WRITES } from './streams.ts';
import { STRING_WRITES } from './strings.ts';
import type { Kinds } from './write.ts';
import { Writer, type WriterOptions } from './writer.ts';

const ALL: Kinds = {
  ...STRING_WRITES,
  ...LIST_AND_SET_WRITES,
  ...SORTED_SET_WRITES,
  ...HASH_WRITES,
  ...STREAM_WRITES,
  ...OTHER_WRITES,
};

export interface Writers extends AsyncDisposable {
  /** Ends the writers. Returns how many kinds of writes there were, how many writes, and in words what was answered otherwise than by the model. */
  stop(): Promise<{ readonly kinds: number; readonly writes: number; readonly faults: readonly string[] }>;
}

type Options = Pick<WriterOptions, 'model' | 'seed' | 'tags'> & { readonly writers?: number };

/**
 * Clients with keys of their own in the slots of `tags`, which write in all ways that the model knows. What was answered is done to the
 * model in the same order, and the model has to answer the same.
 */
export async function startWriters(
  cluster: ClusterSeeds,
  { writers = 5, seed, ...options }: Options,
): Promise<Writers> {
  const kinds = await knownTo(options.model);
  const dumped = await dumpOf(options.model);
  const team = Array.from(
    { length: writers },
    (_, n) => new Writer(cluster, { ...options, name: `w${n}`, kinds, dumped, seed: seed * 100 + n }),
  );
  await Promise.all(team.map((writer) => writer.connect()));
  const stopping = new AbortController();
  const work = team.map((writer) => writer.work(stopping.signal));
  const stop = async () => {
    stopping.abort();
    await Promise.all(work);
    return {
      kinds: new Set(team.flatMap((writer) => [...writer.written])).size,
      writes: team.reduce((sum, writer) => sum + writer.writes, 0),
      faults: team.flatMap(({ faults }) => faults),
    };
  };
  const dispose = async (): Promise<void> => {
    await stop();
  };
  return { stop, [Symbol.asyncDispose]: dispose };
}

/** The word before the colon is the command. */
async function knownTo(model: Connection): Promise<Kinds> {
  const names = Object.keys(ALL);
  const commands = names.map((name) => name.replace(/:.*/, ''));
  const [answer] = await model.send([['COMMAND', 'INFO', ...commands]], { signal: AbortSignal.timeout(30_000) });
  const infos: readonly unknown[] = answer?.ok && Array.isArray(answer.value) ? answer.value : [];
  return Object.fromEntries(Object.entries(ALL).filter((_, i) => Array.isArray(infos[i])));
}

async function dumpOf(model: Connection): Promise<Buffer> {
  const commands = [
    ['SET', 'dumped', 'seven '.repeat(7)],
    ['DUMP', 'dumped'],
    ['DEL', 'dumped'],
  ] as const;
  const [, dump] = await model.send(commands, { signal: AbortSignal.timeout(30_000) });
  if (dump?.ok && Buffer.isBuffer(dump.value)) return dump.value;
  throw new Error('The model dumps no key.');
}
