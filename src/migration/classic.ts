import { each } from '../core/slots.ts';
import { moveBatch } from './batch.ts';
import { checkPath } from './canary.ts';
import { countKeys } from './count-keys.ts';
import { endLateLinks } from './late-links.ts';
import { leaveInOrder } from './leave.ts';
import { isUnreached } from './losses.ts';
import type { PacedMover } from './mover.ts';
import { overHop, type Pace, type Stride } from './pace.ts';
import type { Pair } from './pair.ts';
import { slotStates } from './slot-states.ts';

/** Milliseconds that one batch may take, by the rate of the one before: so long its first slots stay open. */
const BATCH_TIME = 1_000;

/**
 * Slots with keys in one batch. Where the donor fails over, Redis' new primary knows nothing of marks: until this run has opened
 * the batch again clients do not find what has moved of it, and what they write then makes second copies.
 */
const FILLED = 64;

/**
 * Moves slots key by key with MIGRATE, which every version can: batch after batch, as large as the pace allows. Between
 * two batches it has no slot open; told to stop in the middle of one, or failing, it leaves all in order.
 */
export const moveClassic: PacedMover = async (pair, work) => {
  try {
    await moveBatches(pair, work);
  } catch (thrown) {
    if (isUnreached(thrown) && thrown !== work.context.stop.reason) throw thrown;
    throw await leave(pair, work, thrown);
  }
};

/**
 * For a run that was told to stop while its connections were lost: leaves what is open in order. No move begins.
 * Throws the signal's reason.
 */
export const leaveClassic: PacedMover = async (pair, work) => {
  throw await leave(pair, work, work.context.stop.reason);
};

type PacedWork = Parameters<PacedMover>[1];

function leave(pair: Pair, { slots, pace, progress, context }: PacedWork, reason: unknown): Promise<unknown> {
  const { clock, hurry } = context;
  return leaveInOrder(pair, [...each(slots)], reason, { clock, pace, progress, hurry });
}

async function moveBatches(pair: Pair, { slots, pace, progress, replicas, begun, context }: PacedWork): Promise<void> {
  const { stop, hurry, clock } = context;
  const { toTake, toGive, open } = await slotStates(pair, [...each(slots)]);
  if (open.length > 0) await endLateLinks(pair);
  const left = [...new Set([...toTake, ...toGive])].toSorted((a, b) => a - b);
  progress.slotsLeft(left, { among: slots });
  const counts = await countKeys(pair, pair.donor, left);
  progress.expect(
    counts.reduce((sum, n) => sum + n, 0),
    pair.averageKey,
  );
  const hop = await checkPath(pair, left, context);
  const steps: Pace = { stride: () => overHop(pace.stride(), hop) };

  let keysPerMs = Number.POSITIVE_INFINITY;
  for (let begin = 0; begin < left.length; ) {
    stop.throwIfAborted();
    const { keys, ...stride } = steps.stride();
    const bounds = { ...stride, keys: Math.min(keys, keysPerMs * BATCH_TIME) };
    const size = batchSize(counts, begin, bounds, pair.averageKey);
    const batch = left.slice(begin, begin + size);
    const began = clock.now();
    await moveBatch(batch, { pair, pace: steps, progress, begun, clock, stop, hurry });
    const moved = counts.slice(begin, begin + size).reduce((sum, n) => sum + n, 0);
    if (moved > 0) keysPerMs = moved / Math.max(1, clock.now() - began);
    begin += size;
    if (begin < left.length) await replicas.keepUp();
  }
}

/** How many slots from `begin` on fit into the bounds: at least one. */
function batchSize(
  counts: readonly number[],
  begin: number,
  bounds: Pick<Stride, 'slots' | 'keys' | 'bytes'>,
  averageKey: number,
): number {
  const bound = averageKey === 0 ? bounds.keys : Math.min(bounds.keys, bounds.bytes / averageKey);
  let size = 0;
  let keys = 0;
  while (size < bounds.slots && begin + size < counts.length) {
    keys += counts[begin + size] ?? 0;
    if (size > 0 && keys > bound) break;
    if (size >= FILLED && keys > 0) break;
    size += 1;
  }
  return size;
}
