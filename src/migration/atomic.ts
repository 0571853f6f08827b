import type { Failure } from '../core/failure.ts';
import { isHot } from '../core/hot-slots.ts';
import { each, isEmpty, print, type SlotSet, slotsOfNumbers } from '../core/slots.ts';
import { slotsInWords } from '../core/wording.ts';
import { STEADY } from '../servers/ask.ts';
import { viewOf } from '../servers/views.ts';
import { type JobsWay, moveInJobs } from './atomic-jobs.ts';
import { waitForOthers } from './atomic-piece.ts';
import { countKeys } from './count-keys.ts';
import { Pieces } from './cut.ts';
import type { Following } from './follow.ts';
import type { Mover, Work } from './mover.ts';
import type { Pair } from './pair.ts';
import { slotStates } from './slot-states.ts';
import type { Turns } from './turns.ts';

export interface AtomicWay extends JobsWay {
  readonly turns: Turns;
  /** Moves what no job can, or should; null: there is to be no other way. */
  readonly keyByKey: Mover | null;
}

/**
 * Moves slots as a whole, job after job: the server sends a snapshot, then what was written meanwhile, then it hands the
 * slots over; until then the donor owns and serves them, and a job that fails has changed nothing.
 * Slots that an interrupted move left open are moved key by key first, for servers begin no job while one is open; and so
 * is the rest when a job fails in every try, and at last what would hold clients up for too long.
 */
export function atomicMover(way: AtomicWay): Mover {
  return async (pair, work) => {
    const { progress, context } = work;
    const stillAtIt = (): void => progress.movedKeys(0);
    const following: Following = { pair, jobs: way.jobs, context, begun: work.begun, stillAtIt };
    await moveOpenSlots(pair, work, way);
    const use = new Map([pair.donor, pair.receiver].map(({ id }) => [id, 'alone'] as const));
    const { left, failure, hot } = await way.turns.during(use, context.stop, () => moveMost(work, following, way));
    const rest = slotsOfNumbers([...left, ...hot]);
    if (isEmpty(rest)) return;
    if (way.keyByKey === null) {
      if (failure === null) return;
      throw failure;
    }
    const why =
      failure === null ? hotWords(rest, pair) : `${failure.message} ${failure.remedy} The rest is moved key by key.`;
    context.tell({ kind: 'note', text: why });
    await way.keyByKey(pair, { ...work, slots: rest });
  };
}

/** What is not moved yet, and why jobs do not move it. */
interface Outcome {
  readonly left: readonly number[];
  readonly failure: Failure | null;
  readonly hot: readonly number[];
}

async function moveMost(work: Work, following: Following, way: AtomicWay): Promise<Outcome> {
  const lacking = await waitForOthers(work.slots, following);
  const { pieces, hot } = await piecesOf(work, following, way);
  if (lacking !== null) return { left: pieces.left, failure: lacking, hot };
  return { ...(await moveInJobs(pieces, work, { following, ...way })), hot };
}

async function piecesOf(
  { slots, progress }: Work,
  { pair, jobs }: Following,
  { maxLatency, keyByKey }: AtomicWay,
): Promise<{ readonly pieces: Pieces; readonly hot: readonly number[] }> {
  const { toTake } = await slotStates(pair, [...each(slots)]);
  const counts = await countKeys(pair, pair.donor, toTake);
  progress.slotsLeft(toTake, { among: slots });
  progress.expect(
    counts.reduce((sum, keys) => sum + keys, 0),
    pair.averageKey,
  );
  const counted = toTake.map((slot, i) => ({ slot, keys: counts[i] ?? 0 }));
  const goesAlone = ({ keys }: { readonly keys: number }): boolean =>
    keyByKey !== null && isHot(keys, jobs.kind, maxLatency);
  const inJobs = counted.filter((one) => !goesAlone(one));
  const pieces = new Pieces(
    inJobs.map(({ slot }) => slot),
    inJobs.map(({ keys }) => keys),
  );
  return { pieces, hot: counted.filter(goesAlone).map(({ slot }) => slot) };
}

function hotWords(slots: SlotSet, { donor }: Pair): string {
  return `Slots with very many keys (${print(slots)}) are moved key by key: as a whole each would hold ${donor.pod.name} up for longer than \`migration.maxLatency\` has it.`;
}

async function moveOpenSlots(pair: Pair, work: Work, { keyByKey }: AtomicWay): Promise<void> {
  const [donor, receiver] = await Promise.all([
    viewOf(pair.donor.main, { signal: STEADY }),
    viewOf(pair.receiver.main, { signal: STEADY }),
  ]);
  const open = [...each(work.slots)].filter((slot) => donor.migrating.has(slot) || receiver.importing.has(slot));
  const slots = slotsOfNumbers(open);
  if (isEmpty(slots) || keyByKey === null) return;
  const text = `Left open by an interrupted move, so moved key by key: ${slotsInWords(slots)}.`;
  work.context.tell({ kind: 'note', text });
  await keyByKey(pair, { ...work, slots });
}
