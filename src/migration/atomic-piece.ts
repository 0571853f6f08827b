import { Failure } from '../core/failure.ts';
import { print, type SlotSet, slotsOfNumbers } from '../core/slots.ts';
import { STEADY } from '../servers/ask.ts';
import { troubleOf } from './atomic-errors.ts';
import { refuseStrayKeys } from './batch.ts';
import type { Piece } from './cut.ts';
import { type Following, follow, waitFor } from './follow.ts';
import { refuseHiddenKeys } from './hidden-keys.ts';
import { hasEnded, type Job } from './jobs.ts';
import { slotStates } from './slot-states.ts';
import { refuseUnsent, unsentSoFar } from './unsent.ts';

/** How often a job is begun before its slots are moved in another way. */
const TRIES = 3;

/** Milliseconds that donor and receiver may take to agree on the new owner, after the job's success. */
const AGREEMENT = 10_000;

/**
 * Moves some slots by one job, in a few tries. Returns why no job can; null: donor and receiver both say that the slots are
 * the receiver's. Throws Failure where they must not be moved in any other way either, or the reason of `context.stop`.
 */
export async function movePiece(piece: Piece, work: Following): Promise<Failure | null> {
  const { clock, stop, tell } = work.context;
  const slots = slotsOfNumbers(piece.slots);
  for (let tries = 1; ; tries += 1) {
    const used = await unsentSoFar(work.pair, piece.slots);
    if (used !== null) return used;
    const said = await objectionTo(piece, work);
    if (said === null) return null;
    stop.throwIfAborted();
    const { next, failure } = troubleOf(said, slots, work);
    if (next === 'stop') throw failure;
    if (next === 'other-way' || tries === TRIES) return failure;
    tell({ kind: 'note', text: `${failure.message} Trying again (${tries + 1} of ${TRIES}).` });
    await clock.sleep(300 * tries, { signal: stop });
  }
}

/** What the server says against it; null: done. */
async function objectionTo(piece: Piece, work: Following): Promise<string | null> {
  try {
    return await tryOnce(piece, work);
  } catch (thrown) {
    // A right that only this way needs.
    if (thrown instanceof Failure && thrown.code === 'redis-permission') return thrown.message;
    throw thrown;
  }
}

/** As above. What a job says of itself counts less than who owns the slots. */
async function tryOnce(piece: Piece, work: Following): Promise<string | null> {
  const { pair, jobs } = work;
  const { toTake } = await slotStates(pair, piece.slots);
  if (toTake.length > 0) {
    if (jobs.hidesStrayKeys) await refuseHiddenKeys(pair, toTake, work.context);
    else await refuseStrayKeys(pair, toTake, work.context.clock);
    const started = await jobs.start(pair, slotsOfNumbers(toTake));
    if (!started.ok) return started.error;
    work.ours.add(started.id);
    const job = await follow(started.id, piece.keys * pair.averageKey, work);
    if (job.phase !== 'done') {
      const left = await slotStates(pair, piece.slots);
      if (left.toTake.length > 0) return job.message === '' ? job.state : job.message;
    }
  }
  await untilAgreed(piece.slots, work);
  await refuseUnsent(pair, piece.slots);
  return null;
}

/**
 * Waits for jobs that are at work on these nodes before the first of this move. The turn is this move's, so they come from
 * a run that was killed or cut off, or from somebody else. Returns why jobs cannot be looked at, for want of a right or of an answer
 * that makes sense (a fork's), or null.
 */
export async function waitForOthers(slots: SlotSet, work: Following): Promise<Failure | null> {
  try {
    await waitForJobs(slots, work);
    return null;
  } catch (thrown) {
    if (thrown instanceof Failure && (thrown.code === 'redis-permission' || thrown.code === 'redis-error'))
      return troubleOf(thrown.message, slots, work).failure;
    throw thrown;
  }
}

async function waitForJobs(slots: SlotSet, work: Following): Promise<void> {
  const { pair, jobs, context } = work;
  const isAtWork = (job: Job): boolean => !hasEnded(job) || (job.phase === 'failed' && jobs.retries);
  for (const job of (await jobs.list(pair)).filter(isAtWork)) {
    const where = pair[jobs.told].pod.name;
    const text = `${where} is at work on a ${jobs.command} already, of a run that was cut off or of somebody else: slots ${print(job.slots)} (${job.state}). Waiting for its end.`;
    context.tell({ kind: 'note', text });
    const { phase, state, message } = await waitFor(job.id, slots, work);
    context.tell({ kind: 'note', text: `That job ended: ${phase}${message === '' ? '' : ` (${message || state})`}.` });
  }
}

/** The news goes from the receiver to the donor over the cluster bus. */
async function untilAgreed(slots: readonly number[], { pair, context }: Following): Promise<void> {
  const { clock } = context;
  const deadline = clock.now() + AGREEMENT;
  for (let looks = 1; ; looks += 1) {
    const { toTake, toGive } = await slotStates(pair, slots);
    if (toTake.length === 0 && toGive.length === 0) return;
    if (clock.now() > deadline) {
      const left = print(slotsOfNumbers([...toTake, ...toGive]));
      throw new Failure(
        'migration-failed',
        `The job of slots ${print(slotsOfNumbers(slots))} succeeded, and ${pair.donor.pod.name} and ${pair.receiver.pod.name} do not agree on their owner: slots ${left}.`,
        {
          remedy:
            'Look at both pods in status and whether they reach each other on the cluster bus, then run apply again.',
        },
      );
    }
    await clock.sleep(2 * looks, { signal: STEADY });
  }
}
