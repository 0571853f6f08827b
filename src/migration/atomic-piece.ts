import { Failure } from '../core/failure.ts';
import { each, isEmpty, minus, print, type SlotSet, slotsOfNumbers } from '../core/slots.ts';
import { STEADY } from '../servers/ask.ts';
import { tellsOfLostWrites, troubleOf, writesLost } from './atomic-errors.ts';
import { refuseStrayKeys } from './batch.ts';
import { countKeys } from './count-keys.ts';
import type { Piece } from './cut.ts';
import { type Following, follow, waitFor } from './follow.ts';
import { refuseHiddenKeys } from './hidden-keys.ts';
import { hasEnded, type Job } from './jobs.ts';
import type { Pair } from './pair.ts';
import { slotStates } from './slot-states.ts';
import { refuseUnsent, unsentSoFar } from './unsent.ts';

/** How often a job is begun before its slots are moved in another way. */
const TRIES = 3;

/**
 * Milliseconds that donor and receiver may take to agree on the new owner. A donor that does not hear of it takes writes again after
 * 10 s by default: so a little longer, to learn that it has.
 */
const AGREEMENT = 15_000;

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

/** As above. */
async function tryOnce(piece: Piece, work: Following): Promise<string | null> {
  const { pair, jobs, begun } = work;
  const { toTake } = await slotStates(pair, piece.slots);
  if (toTake.length === 0) {
    await untilAgreed(piece.slots, work);
    return null;
  }
  if (jobs.hidesStrayKeys) await refuseHiddenKeys(pair, toTake, work);
  else await refuseStrayKeys(pair, toTake, work.context.clock);
  const started = await jobs.start(pair, slotsOfNumbers(toTake));
  if (!started.ok) return started.error;
  begun.jobs.add(started.id);
  const job = await follow(started.id, piece.keys * pair.averageKey, work);
  return objectionBy(job, piece.slots, work);
}

/**
 * What an ended job says against itself. Null: donor and receiver say that the slots are the receiver's, which counts more than what
 * the job says of itself, and all that clients wrote meanwhile is there.
 * Throws `migration-failed` where some of that may be lost.
 */
async function objectionBy(job: Job, slots: readonly number[], work: Following): Promise<string | null> {
  const { pair, jobs } = work;
  if (job.phase !== 'done') {
    const said = job.message === '' ? job.state : job.message;
    const { toTake } = await slotStates(pair, slots);
    if (toTake.length > 0) return said;
    if (tellsOfLostWrites(said)) throw writesLost(said, slotsOfNumbers(slots), work);
  }
  await untilAgreed(slots, work);
  const regret = await jobs.regret(pair, job.id);
  if (regret !== null) throw writesLost(regret, slotsOfNumbers(slots), work);
  await refuseUnsent(pair, slots);
  return null;
}

/**
 * Waits for jobs that are at work on these nodes before the next of this move. The turn is this move's, so they are its own, from before
 * its connections were lost, or come from a run that was killed or cut off, or from somebody else. Returns why jobs cannot be looked
 * at, for want of a right or of an answer that makes sense (a fork's), or null.
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
  const { pair, jobs, begun } = work;
  const isAtWork = (job: Job): boolean => !hasEnded(job) || (job.phase === 'failed' && jobs.retries);
  for (const job of (await jobs.list(pair)).filter(isAtWork)) {
    const ended = begun.jobs.has(job.id) ? await followOn(job, work) : await waitForOther(job, slots, work);
    if (isEmpty(minus(job.slots, slots))) await objectionBy(ended, [...each(job.slots)], work);
  }
}

async function followOn(job: Job, work: Following): Promise<Job> {
  const { pair } = work;
  const counts = await countKeys(pair, pair.donor, [...each(job.slots)]);
  const keys = counts.reduce((sum, n) => sum + n, 0);
  return follow(job.id, keys * pair.averageKey, work);
}

async function waitForOther(job: Job, slots: SlotSet, work: Following): Promise<Job> {
  const { pair, jobs, context } = work;
  const where = pair[jobs.told].pod.name;
  const text = `${where} is at work on a ${jobs.command} already, of a run that was cut off or of somebody else: slots ${print(job.slots)} (${job.state}). Waiting for its end.`;
  context.tell({ kind: 'note', text });
  const ended = await waitFor(job.id, slots, work);
  const { phase, state, message } = ended;
  context.tell({ kind: 'note', text: `That job ended: ${phase}${message === '' ? '' : ` (${message || state})`}.` });
  return ended;
}

/** The news goes from the receiver to the donor over the cluster bus. */
async function untilAgreed(slots: readonly number[], { pair, context }: Following): Promise<void> {
  const { clock } = context;
  const deadline = clock.now() + AGREEMENT;
  for (let looks = 1; ; looks += 1) {
    const { toTake, toGive } = await slotStates(pair, slots);
    if (toTake.length === 0 && toGive.length === 0) return;
    if (clock.now() > deadline) throw notAgreed(pair, slots, [...toTake, ...toGive]);
    await clock.sleep(2 * looks, { signal: STEADY });
  }
}

function notAgreed({ donor, receiver }: Pair, slots: readonly number[], left: readonly number[]): Failure {
  const [from, to] = [donor.pod.name, receiver.pod.name];
  return new Failure(
    'migration-failed',
    `The job of slots ${print(slotsOfNumbers(slots))} has ended, and ${from} and ${to} do not agree on their owner: slots ${print(slotsOfNumbers(left))}. What clients write to ${from} there before it hears of ${to} is lost when it does.`,
    {
      remedy:
        'Look at both pods in status and whether they reach each other on the cluster bus, compare the data of these slots with where it comes from, then run apply again.',
    },
  );
}
