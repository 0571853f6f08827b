import type { Failure } from '../core/failure.ts';
import { inLanes } from '../core/in-parallel.ts';
import { count, each, isEmpty, slotsOfNumbers } from '../core/slots.ts';
import { STEADY } from '../ports/ask.ts';
import { viewOf } from '../ports/views.ts';
import { movePiece, waitForOthers } from './atomic-piece.ts';
import { countKeys } from './count-keys.ts';
import { cut, type Piece } from './cut.ts';
import type { Following } from './follow.ts';
import type { Jobs } from './jobs.ts';
import type { Mover, Work } from './mover.ts';
import type { Pair } from './pair.ts';
import { slotStates } from './slot-states.ts';
import type { Turns } from './turns.ts';

/** Bytes of one job: what a server has to keep in its buffers when more is written than is sent, and what a failure costs. */
const MOST_BYTES = 256 * 1024 * 1024;

export interface AtomicWay {
  readonly jobs: Jobs;
  readonly turns: Turns;
  /** `migration.maxLatency` */
  readonly maxLatency: number;
  /** Moves what no job can; null: there is to be no other way. */
  readonly keyByKey: Mover | null;
}

/**
 * Moves slots as a whole, job after job: the server sends a snapshot, then what was written meanwhile, then it hands the
 * slots over; until then the donor owns and serves them, and a job that fails has changed nothing.
 * Slots that an interrupted move left open are moved key by key first, for servers begin no job while one is open; and so
 * is the rest when a job fails in every try.
 */
export function atomicMover(way: AtomicWay): Mover {
  return async (pair, work) => {
    const { progress, context } = work;
    const stillAtIt = (): void => progress.movedKeys(0);
    const following: Following = { pair, jobs: way.jobs, context, ours: new Set(), stillAtIt };
    await moveOpenSlots(pair, work, way);
    const use = way.jobs.use(pair);
    const { left, failure } = await way.turns.during(use, context.stop, () => moveInJobs(work, following, way));
    if (failure === null) return;
    if (way.keyByKey === null) throw failure;
    context.tell({ kind: 'note', text: `${failure.message} ${failure.remedy} The rest is moved key by key.` });
    await way.keyByKey(pair, { ...work, slots: slotsOfNumbers(left.flatMap(({ slots }) => slots)) });
  };
}

interface Outcome {
  readonly left: readonly Piece[];
  /** Why they cannot be moved by jobs. */
  readonly failure: Failure | null;
}

/** Several lanes share the pieces. After the first failure no further one is begun. */
async function moveInJobs(work: Work, following: Following, way: AtomicWay): Promise<Outcome> {
  const lacking = await waitForOthers(work.slots, following);
  const queue = [...(await piecesOf(work, following, way))];
  if (lacking !== null) return { left: queue, failure: lacking };
  const left: Piece[] = [];
  let failure: Failure | null = null;
  await inLanes(following.jobs.atOnce, async (hasFailed) => {
    for (;;) {
      const piece = failure === null && !hasFailed() ? queue.shift() : undefined;
      if (piece === undefined) return;
      work.context.stop.throwIfAborted();
      const failed = await movePiece(piece, following);
      if (failed !== null) left.push(piece);
      failure ??= failed;
      if (failed !== null) continue;
      work.progress.movedKeys(piece.keys);
      work.progress.movedSlots(piece.slots);
    }
  });
  return { left: [...left, ...queue], failure };
}

async function piecesOf(
  { slots, progress }: Work,
  { pair, jobs }: Following,
  { maxLatency }: AtomicWay,
): Promise<readonly Piece[]> {
  const { toTake } = await slotStates(pair, [...each(slots)]);
  const counts = await countKeys(pair, pair.donor, toTake);
  progress.slotsLeft(toTake, { among: slots });
  progress.expect(
    counts.reduce((sum, keys) => sum + keys, 0),
    pair.averageKey,
  );
  const most = jobs.mostKeys(maxLatency);
  return cut(toTake, counts, pair.averageKey === 0 ? most : Math.min(most, MOST_BYTES / pair.averageKey));
}

async function moveOpenSlots(pair: Pair, work: Work, { keyByKey }: AtomicWay): Promise<void> {
  const [donor, receiver] = await Promise.all([
    viewOf(pair.donor.main, { signal: STEADY }),
    viewOf(pair.receiver.main, { signal: STEADY }),
  ]);
  const open = [...each(work.slots)].filter((slot) => donor.migrating.has(slot) || receiver.importing.has(slot));
  const slots = slotsOfNumbers(open);
  if (isEmpty(slots) || keyByKey === null) return;
  const text = `${count(slots)} slots were left open by an interrupted move: their keys are moved one by one.`;
  work.context.tell({ kind: 'note', text });
  await keyByKey(pair, { ...work, slots });
}
