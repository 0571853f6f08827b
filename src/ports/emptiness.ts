import type { Pod } from '../core/cluster.ts';
import { parseFields } from '../core/info.ts';
import { text } from '../core/replies.ts';
import { meaningOf } from '../core/server-errors.ts';
import { answerTo, ask, refusal, STEADY } from './ask.ts';
import type { StepContext } from './context.ts';
import type { Command, Connection } from './redis.ts';
import { infoOf } from './replication.ts';
import { until, type Wait } from './until.ts';

const REMEDY = 'Look at the log of that pod for a snapshot or a rewrite that does not end, then run apply again.';

/**
 * For a node that has left and holds nothing: FLUSHALL goes into the append-only file, SAVE into the snapshot that a full sync
 * has left. A server takes no FLUSHALL where it is renamed away, nor without replicas where `min-replicas-to-write` asks for some, and
 * this one has none any more: then the append-only file is written anew.
 */
export async function writeEmptiness(pod: Pod, connection: Connection, context: StepContext): Promise<void> {
  const flushed = await answerTo(connection, ['FLUSHALL'], { signal: STEADY, timeout: 60_000 });
  const { appendOnly } = await infoOf(pod, context);
  if (!flushed.ok) {
    const meaning = meaningOf(flushed.error);
    if (meaning !== 'no-replicas' && meaning !== 'unknown-command')
      throw refusal(pod.name, ['FLUSHALL'], flushed.error);
    if (appendOnly) await rewrite(connection, context);
  }
  await save(connection, context);
  if (appendOnly) await untilWritten(connection, context);
}

async function rewrite(connection: Connection, context: StepContext): Promise<void> {
  const wait = { for: `${connection.pod} to write its append-only file anew`, seconds: 120, remedy: REMEDY };
  await accepted(['BGREWRITEAOF'], wait, connection, context);
  await until({ ...context, stop: STEADY }, wait, async () => {
    const info = await persistenceOf(connection);
    const isAtIt = info.get('aof_rewrite_in_progress') !== '0' || info.get('aof_rewrite_scheduled') !== '0';
    const status = info.get('aof_last_bgrewrite_status') ?? 'unknown';
    if (!isAtIt && status === 'ok') return { done: true, value: undefined };
    return { done: false, seen: isAtIt ? 'the rewrite goes on' : `the rewrite ended with "${status}"` };
  });
}

/**
 * With `appendfsync everysec` a server answers before it has written to the append-only file while an earlier fsync lasts: for up
 * to 2 s (flushAppendOnlyFile in aof.c). One that is killed in this time comes back with keys.
 */
async function untilWritten(connection: Connection, context: StepContext): Promise<void> {
  const wait = { for: `${connection.pod} to write its append-only file`, seconds: 120, every: 50, remedy: REMEDY };
  await until({ ...context, stop: STEADY }, wait, async () => {
    const buffered = (await persistenceOf(connection)).get('aof_buffer_length') ?? 'an unknown number of';
    return buffered === '0' ? { done: true, value: undefined } : { done: false, seen: `${buffered} bytes to write` };
  });
}

async function persistenceOf(connection: Connection): Promise<ReadonlyMap<string, string>> {
  const what = `INFO persistence of ${connection.pod}`;
  return parseFields(text(await ask(connection, ['INFO', 'persistence'], { signal: STEADY }), what), what);
}

async function save(connection: Connection, context: StepContext): Promise<void> {
  const wait = { for: `${connection.pod} to write down that it is empty`, seconds: 120, remedy: REMEDY };
  await accepted(['SAVE'], wait, connection, context);
}

/** A server that is writing one already, as its own rules may tell it at any time, begins no other meanwhile. */
async function accepted(command: Command, wait: Wait, connection: Connection, context: StepContext): Promise<void> {
  await until({ ...context, stop: STEADY }, wait, async () => {
    const answer = await answerTo(connection, command, { signal: STEADY, timeout: 60_000 });
    if (answer.ok) return { done: true, value: undefined };
    if (/in progress/i.test(answer.error)) return { done: false, seen: answer.error };
    throw refusal(connection.pod, command, answer.error);
  });
}
