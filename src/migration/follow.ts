import { Failure } from '../core/failure.ts';
import { isEmpty, minus, print, type SlotSet } from '../core/slots.ts';
import type { StepContext } from '../ports/context.ts';
import { STEADY } from '../servers/ask.ts';
import { hasEnded, type Job, type Jobs } from './jobs.ts';
import type { Begun } from './mover.ts';
import type { Pair } from './pair.ts';

/** Milliseconds between two looks: more and more while nothing changes. */
const FIRST_LOOK = 4;
const LONGEST_PAUSE = 50;

/** Milliseconds that a job may take, and bytes of its keys for which it gets a millisecond more: 5 MB/s are slow. */
const PATIENCE = 60_000;
const BYTES_PER_MS = 5_000;

/** How often a server may begin a job anew by itself. */
const RETRIES = 2;

/**
 * Milliseconds after the word to stop: GitHub gives a run 10 s from the first signal to the last. Most jobs are done within the first
 * of these times, and what has moved need not be moved again.
 */
const CANCEL_AFTER = 3_000;
/** Milliseconds after it was to be cancelled. */
const LEAVE_AFTER = 3_500;

export interface Following {
  readonly pair: Pair;
  readonly jobs: Jobs;
  readonly context: Pick<StepContext, 'clock' | 'tell' | 'stop'>;
  readonly begun: Begun;
  /** Is told that time passes. */
  readonly stillAtIt: () => void;
}

/**
 * Looks at a job of this move until it has ended, and returns how. It is cancelled when it takes too long, when the server
 * begins it anew again and again, or when the run is to stop; then, too, its end is waited for: it may be that it has succeeded.
 * @param bytes of the keys in its slots
 */
export async function follow(id: string, bytes: number, following: Following): Promise<Job> {
  const {
    pair,
    jobs,
    context,
    begun: { jobs: ours },
    stillAtIt,
  } = following;
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
    if ((overdue > 0 || job.retries > RETRIES) && jobs.maySafelyCancel(all, ours)) await jobs.cancel(pair, job);
    stillAtIt();
    pause = job.state === state ? Math.min(LONGEST_PAUSE, pause * 1.15) : FIRST_LOOK;
    state = job.state;
    await clock.sleep(pause, { signal: STEADY });
  }
}

/**
 * Waits for the end of a job that somebody else may have begun, and never cancels it. One that a server begins anew until it is
 * cancelled is, where it moves nothing but slots of this move: a run that was killed has left it.
 * Throws `migration-failed` when it does not end, or the reason of `context.stop`.
 */
export async function waitFor(id: string, slots: SlotSet, following: Following): Promise<Job> {
  const { pair, jobs, context, stillAtIt } = following;
  const deadline = context.clock.now() + PATIENCE;
  for (;;) {
    const job = (await jobs.list(pair)).find((one) => one.id === id) ?? forgotten(id);
    const isBegunAnew = job.phase === 'failed' && jobs.retries;
    const isLeftover = isBegunAnew && isEmpty(minus(job.slots, slots));
    if (isLeftover) await jobs.cancel(pair, job);
    if (isLeftover || (hasEnded(job) && !isBegunAnew)) return job;
    if (context.clock.now() > deadline) throw inTheWay(job, pair, jobs);
    stillAtIt();
    await context.clock.sleep(LONGEST_PAUSE, { signal: context.stop });
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
    `The move of slots ${print(job.slots)} from ${pair.donor.pod.name} to ${pair.receiver.pod.name} (${command}) does not end: the server shows it as "${job.state}"${saidOf(job)}, where it does not end by being told or must not be cancelled.`,
    {
      remedy:
        'Look at the logs of both pods, and whether more is written than is sent; the next apply waits for that job before it begins another one.',
    },
  );
}

function inTheWay(job: Job, pair: Pair, jobs: Jobs): Failure {
  const where = pair[jobs.told].pod.name;
  return new Failure(
    'migration-failed',
    `Cannot move slots from ${pair.donor.pod.name} to ${pair.receiver.pod.name}: ${where} has been at work on a ${jobs.command} of slots ${print(job.slots)} for a minute ("${job.state}"${saidOf(job)}), which this run has not begun and does not cancel.`,
    { remedy: `Wait for its end, or cancel it (${jobs.cancelCommand(job)} on ${where}), then run apply again.` },
  );
}

function saidOf({ message }: Job): string {
  return message === '' ? '' : `: ${message}`;
}
