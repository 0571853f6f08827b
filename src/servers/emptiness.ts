import type { Pod } from '../core/cluster.ts';
import { parseFields } from '../core/info.ts';
import { text } from '../core/replies.ts';
import { meaningOf } from '../core/server-errors.ts';
import { isEmpty } from '../core/slots.ts';
import type { StepContext } from '../ports/context.ts';
import type { Command, Connection } from '../ports/redis.ts';
import { answerTo, ask, refusal, STEADY } from './ask.ts';
import { infoOf } from './replication.ts';
import { until } from './until.ts';
import { viewOf } from './views.ts';

const REMEDY = 'Look at the log of that pod for a snapshot or a rewrite that does not end, then run apply again.';

/**
 * For a node that was reset, be it by this run or by one that was killed then: where it is blank and holds nothing, its files
 * are to say so, too. On a volume that is kept, the next start would load the keys and claim their slots.
 */
export async function writeEmptinessIfBlank(pod: Pod, context: StepContext): Promise<void> {
  const connection = await context.redis.connection(pod, { signal: STEADY });
  const { me, others } = await viewOf(connection, { signal: STEADY });
  const isBlank = isEmpty(me.slots) && others.every((line) => line.handshake);
  const { keys } = await infoOf(pod, { ...context, stop: STEADY });
  if (isBlank && keys === 0) await writeEmptiness(pod, connection, context);
}

/**
 * FLUSHALL goes into the append-only file, SAVE into the snapshot that a full sync
 * has left. A server takes no FLUSHALL where it is renamed away, nor without replicas where `min-replicas-to-write` asks for some, and
 * this one has none any more: then the append-only file is written anew.
 */
async function writeEmptiness(pod: Pod, connection: Connection, context: StepContext): Promise<void> {
  const flushed = await answerTo(connection, ['FLUSHALL'], { signal: STEADY, timeout: 60_000 });
  const { appendOnly } = await infoOf(pod, { ...context, stop: STEADY });
  if (!flushed.ok) {
    const meaning = meaningOf(flushed.error);
    if (meaning !== 'no-replicas' && meaning !== 'unknown-command')
      throw refusal(pod.name, ['FLUSHALL'], flushed.error);
    if (appendOnly) await accepted(['BGREWRITEAOF'], connection, context);
  }
  await accepted(['SAVE'], connection, context);
  if (appendOnly) await untilWritten(connection, { anew: !flushed.ok }, context);
}

/**
 * The append-only file lags behind the answers of a server, and one that is killed meanwhile comes back with keys:
 * - A primary that has given its last slot away copies the receiver as its replica, and writes its file anew after that. Until
 *   then the old one counts, whatever was flushed (replication.c: restartAOFAfterSYNC; seen on Redis 8.6 in every other removal).
 * - With `appendfsync everysec` nothing is written while an earlier fsync lasts, for up to 2 s (aof.c: flushAppendOnlyFile).
 */
async function untilWritten(connection: Connection, { anew }: { anew: boolean }, context: StepContext): Promise<void> {
  const wait = { for: `${connection.pod} to write its append-only file`, seconds: 120, every: 50, remedy: REMEDY };
  await until({ ...context, stop: STEADY }, wait, async () => {
    const info = await persistenceOf(connection);
    const isAtIt = info.get('aof_rewrite_in_progress') !== '0' || info.get('aof_rewrite_scheduled') !== '0';
    if (isAtIt) return { done: false, seen: 'it is written anew, which goes on' };
    const status = info.get('aof_last_bgrewrite_status') ?? 'unknown';
    if (anew && status !== 'ok') return { done: false, seen: `to write it anew ended with "${status}"` };
    const buffered = info.get('aof_buffer_length') ?? 'an unknown number of';
    return buffered === '0' ? { done: true, value: undefined } : { done: false, seen: `${buffered} bytes to write` };
  });
}

async function persistenceOf(connection: Connection): Promise<ReadonlyMap<string, string>> {
  const what = `INFO persistence of ${connection.pod}`;
  return parseFields(text(await ask(connection, ['INFO', 'persistence'], { signal: STEADY }), what));
}

/** A server that is writing one already, as its own rules may tell it at any time, begins no other meanwhile. */
async function accepted(command: Command, connection: Connection, context: StepContext): Promise<void> {
  const wait = { for: `${connection.pod} to write down that it is empty`, seconds: 120, remedy: REMEDY };
  await until({ ...context, stop: STEADY }, wait, async () => {
    const answer = await answerTo(connection, command, { signal: STEADY, timeout: 60_000 });
    if (answer.ok) return { done: true, value: undefined };
    if (/in progress/i.test(answer.error)) return { done: false, seen: answer.error };
    throw refusal(connection.pod, command, answer.error);
  });
}
