import { array, type Reply } from '../core/replies.ts';
import { equals } from '../core/slots.ts';
import type { Command, Connection } from '../ports/redis.ts';
import { answerTo, ask, refusal, STEADY } from '../servers/ask.ts';
import { fieldsOf, hasEnded, type Job, type Jobs, type Phase, rangeWords, slotsOf } from './jobs.ts';

/** States of an export (cluster_migrateslots.c); all before them wait for a connection or for the snapshot. */
const PHASES: Readonly<Record<string, Phase>> = {
  snapshotting: 'copying',
  replicating: 'handing-over',
  'waiting-to-pause': 'handing-over',
  'failover-paused': 'handing-over',
  'failover-granted': 'handing-over',
  success: 'done',
  failed: 'failed',
  cancelled: 'cancelled',
};

type Operation = 'EXPORT' | 'IMPORT';

const LIST: Command = ['CLUSTER', 'GETSLOTMIGRATIONS'];

/**
 * Valkey ≥ 9: the donor is told to export. It answers OK and no id, so the job is the one that is new in its list. An end
 * is an end: nothing is tried again by itself.
 */
export const valkeyJobs: Jobs = {
  kind: 'MIGRATESLOTS',
  command: 'CLUSTER MIGRATESLOTS',
  told: 'donor',
  retries: false,
  hidesStrayKeys: false,

  // At its end the donor deletes the keys of all slots of the job at once and serves nobody meanwhile, about 1 ms a 1,000 keys, on
  // top of its fork and of the pause until the receiver has taken over: with 30,000 keys of 100 B clients waited for 33 to 42 ms, with
  // 42,000 for 39 to 51. Fewer than 5,000 would be more hand-overs for nothing.
  mostKeys: (maxLatency) => Math.min(30_000, Math.max(5_000, maxLatency * 1_500)),

  async start(pair, slots) {
    const { main } = pair.donor;
    const order: Command = ['CLUSTER', 'MIGRATESLOTS', 'SLOTSRANGE', ...rangeWords(slots), 'NODE', pair.receiver.id];
    const [before, started, after] = await main.send([LIST, order, LIST], { signal: STEADY });
    if (started?.ok === false) return started;
    if (before?.ok !== true || after?.ok !== true)
      throw refusal(main.pod, LIST, wordsOf(before) ?? wordsOf(after) ?? '');
    const known = new Set(jobsIn(before.value, 'EXPORT', main.pod).map((job) => job.id));
    const begun = jobsIn(after.value, 'EXPORT', main.pod).find((job) => !known.has(job.id) && equals(job.slots, slots));
    return begun === undefined
      ? { ok: false, error: 'the answer was OK, and CLUSTER GETSLOTMIGRATIONS does not show the job' }
      : { ok: true, id: begun.id };
  },

  list: (pair) => jobsOf(pair.donor.main, 'EXPORT'),

  // Where the receiver gave up, the donor knows of a lost connection only, and says to look there.
  async reason(pair, job) {
    if (!/on the target node/i.test(job.message)) return job.message;
    const there = (await jobsOf(pair.receiver.main, 'IMPORT')).find((one) => one.id === job.id);
    return there === undefined || there.message === '' ? job.message : there.message;
  },

  // The job is the donor's own, which says so when it ends.
  regret: async () => null,

  // A donor that has granted the hand-over and is told to cancel takes writes again at once (finishSlotMigrationJob), while the
  // receiver, which has the grant, takes over all the same: these writes are lost. From `replicating` on that is two messages
  // away, less than the time from a look to the command. Before it a child process writes the snapshot or waits to; what is
  // cancelled has done so for seconds, and its end is followed by five messages between donor and receiver.
  maySafelyCancel: (all, ours) =>
    all.every((job) => hasEnded(job) || (ours.has(job.id) && (job.phase === 'waiting' || job.phase === 'copying'))),

  async cancel(pair) {
    const answer = await answerTo(pair.donor.main, ['CLUSTER', 'CANCELSLOTMIGRATIONS'], { signal: STEADY });
    if (!answer.ok && !/no migrations ongoing/i.test(answer.error)) {
      throw refusal(pair.donor.pod.name, ['CLUSTER', 'CANCELSLOTMIGRATIONS'], answer.error);
    }
  },

  cancelCommand: () => 'CLUSTER CANCELSLOTMIGRATIONS, which ends all of its exports,',
};

async function jobsOf(connection: Connection, operation: Operation): Promise<readonly Job[]> {
  return jobsIn(await ask(connection, LIST, { signal: STEADY }), operation, connection.pod);
}

function jobsIn(reply: Reply, operation: Operation, pod: string): readonly Job[] {
  const what = `CLUSTER GETSLOTMIGRATIONS of ${pod}`;
  return array(reply, what)
    .map((entry) => fieldsOf(entry, what))
    .filter((job) => job.get('operation') === operation)
    .map((job) => ({
      id: job.get('name') ?? '',
      slots: slotsOf(job.get('slot_ranges') ?? '', what),
      phase: PHASES[job.get('state') ?? ''] ?? 'waiting',
      state: job.get('state') ?? '',
      message: (job.get('message') ?? '').trim(),
      retries: 0,
    }));
}

function wordsOf(answer: { ok: true } | { ok: false; error: string } | undefined): string | null {
  return answer?.ok === false ? answer.error : null;
}
