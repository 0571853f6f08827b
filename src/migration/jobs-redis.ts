import { array, number, text } from '../core/replies.ts';
import type { Connection } from '../ports/redis.ts';
import { answerTo, ask, STEADY } from '../servers/ask.ts';
import { fieldsOf, type Job, type Jobs, type Phase, rangeWords, slotsOf } from './jobs.ts';

/** States of an import (cluster_asm.c); all before them wait for the donor. */
const PHASES: Readonly<Record<string, Phase>> = {
  'accumulate-buffer': 'copying',
  'ready-to-stream': 'copying',
  'streaming-buffer': 'copying',
  'wait-stream-eof': 'copying',
  takeover: 'handing-over',
  completed: 'done',
  failed: 'failed',
  canceled: 'cancelled',
};

/**
 * Redis ≥ 8.4: the receiver is told to import. It begins a failed import anew every second until it is cancelled, for
 * ever; here that counts as failed, and whether to try again is decided where it can be said why.
 */
export const redisJobs: Jobs = {
  kind: 'MIGRATION',
  command: 'CLUSTER MIGRATION',
  told: 'receiver',
  retries: true,
  hidesStrayKeys: true,

  // The donor deletes the keys in another thread; but what a task has done is lost when it fails.
  mostKeys: () => 200_000,

  async start(pair, slots) {
    const { main, pod } = pair.receiver;
    const answer = await answerTo(main, ['CLUSTER', 'MIGRATION', 'IMPORT', ...rangeWords(slots)], { signal: STEADY });
    return answer.ok ? { ok: true, id: text(answer.value, `CLUSTER MIGRATION IMPORT of ${pod.name}`) } : answer;
  },

  list: (pair) => tasksOf(pair.receiver.main, ['ALL'], 'import'),

  reason: async (_, job) => job.message,

  // It ends as `completed` when the news of the receiver reaches it, unless it had given up before: `failed`, and `canceled` with the
  // news. A donor that has become a replica knows none of its tasks.
  async regret(pair, id) {
    const [task] = await tasksOf(pair.donor.main, ['ID', id], 'migrate');
    if (task?.phase !== 'failed' && task?.phase !== 'cancelled') return null;
    return task.message === '' ? task.state : task.message;
  },

  // The receiver itself takes over, or has cancelled: never both.
  maySafelyCancel: () => true,

  async cancel(pair, job) {
    await ask(pair.receiver.main, ['CLUSTER', 'MIGRATION', 'CANCEL', 'ID', job.id], { signal: STEADY });
  },

  cancelCommand: (job) => `CLUSTER MIGRATION CANCEL ID ${job.id}`,
};

async function tasksOf(
  main: Connection,
  which: readonly string[],
  operation: 'import' | 'migrate',
): Promise<readonly Job[]> {
  const what = `CLUSTER MIGRATION STATUS of ${main.pod}`;
  return array(await ask(main, ['CLUSTER', 'MIGRATION', 'STATUS', ...which], { signal: STEADY }), what)
    .map((entry) => fieldsOf(entry, what))
    .filter((task) => task.get('operation') === operation)
    .map((task) => ({
      id: task.get('id') ?? '',
      slots: slotsOf(task.get('slots') ?? '', what),
      phase: PHASES[task.get('state') ?? ''] ?? 'waiting',
      state: task.get('state') ?? '',
      message: task.get('last_error') ?? '',
      retries: number(task.get('retries') ?? '0', what),
    }));
}
