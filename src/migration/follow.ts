import { Failure } from '../core/failure.ts';
import { print } from '../core/slots.ts';
import { STEADY } from '../ports/ask.ts';
import type { StepContext } from '../ports/context.ts';
import { hasEnded, type Job, type Jobs } from './jobs.ts';
import type { Pair } from './pair.ts';

/** Milliseconds between two looks: more and more while nothing changes. */
const FIRST_LOOK = 4;
const LONGEST_PAUSE = 50;

/** Milliseconds that a job may take, and bytes of its keys for which it gets a millisecond more: 5 MB/s are slow. */
const PATIENCE = 60_000;
const BYTES_PER_MS = 5_000;

/** How often a server may begin a job anew by itself. */
const RETRIES = 2;

/** Milliseconds after the word to stop: GitHub gives a run 10 s from the first signal to the last. */
const CANCEL_AFTER = 3_000;
const LEAVE_AFTER = 7_000;

export interface Following {
  readonly pair: Pair;
  readonly jobs: Jobs;
  readonly context: Pick<StepContext, 'clock' | 'tell' | 'stop'>;
  /** Is told that time passes. */
  readonly stillAtIt: () => void;
}

/**
 * Looks at a job until it has ended, and returns how. It is cancelled when it takes too long, when the server begins it
 * anew again and again, or when the run is to stop; then, too, its end is waited for: it may be that it has succeeded.
 * @param bytes of the keys in its slots
 */
export async function follow(id: string, bytes: number, { pair, jobs, context, stillAtIt }: Following): Promise<Job> {
  const { clock, stop } = context;
  const begun = clock.now();
  const patience = PATIENCE + bytes / BYTES_PER_MS;
  let stoppedAt = Number.POSITIVE_INFINITY;
  let pause = FIRST_LOOK;
  let state = '';
  for (;;) {
    const all = await jobs.list(pair);
    const job = all.find((one) => one.id === id) ?? forgotten(id);
    const now = clock.now();
    if (stop.aborted) stoppedAt = Math.min(stoppedAt, now);
    const overdue = Math.max(now - begun - patience, now - stoppedAt - CANCEL_AFTER);
    if (hasEnded(job)) {
      // It would be begun anew behind our back.
      if (job.phase === 'failed' && jobs.retries) await jobs.cancel(pair, job);
      const message = job.phase === 'failed' ? await jobs.reason(pair, job) : job.message;
      return { ...job, message: now - begun > patience ? tooLong(patience, state, message) : message };
    }
    if (overdue > LEAVE_AFTER) throw unending(job, pair, jobs);
    const isUnwanted = stop.aborted || job.retries > RETRIES;
    const isOverdue = overdue > 0 && !all.some((one) => one.phase === 'handing-over');
    if (isOverdue || (isUnwanted && jobs.maySafelyCancel(job, all))) await jobs.cancel(pair, job);
    stillAtIt();
    pause = job.state === state ? Math.min(LONGEST_PAUSE, pause * 1.3) : FIRST_LOOK;
    state = job.state;
    await clock.sleep(pause, { signal: STEADY });
  }
}

function tooLong(patience: number, state: string, message: string): string {
  const said = message === '' ? '' : ` (${message})`;
  return `it did not end within ${Math.round(patience / 1000)} s, and was "${state}" at last${said}`;
}

/** A donor that gave its last slot away and became a replica has forgotten all its jobs: who owns the slots tells more. */
function forgotten(id: string): Job {
  return {
    id,
    slots: [],
    phase: 'failed',
    state: 'gone',
    message: 'the server does not know the job any more',
    retries: 0,
  };
}

function unending(job: Job, pair: Pair, { command }: Jobs): Failure {
  return new Failure(
    'migration-failed',
    `The move of slots ${print(job.slots)} from ${pair.donor.pod.name} to ${pair.receiver.pod.name} (${command}) does not end: told to cancel it, the server still shows it as "${job.state}"${job.message === '' ? '' : `: ${job.message}`}.`,
    { remedy: 'Look at the logs of both pods; the next apply waits for that job before it begins another one.' },
  );
}
