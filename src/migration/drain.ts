import type { Failure } from '../core/failure.ts';
import { inLanes } from '../core/in-parallel.ts';
import { refusal, STEADY } from '../ports/ask.ts';
import type { Clock } from '../ports/clock.ts';
import type { Connection } from '../ports/redis.ts';
import { countByScript } from './count-script.ts';
import { furtherDatabases, openDatabase } from './databases.ts';
import { emptySlot, type SlotKeys } from './empty-slot.ts';
import { keysOf, nextKeys } from './keys-in-slot.ts';
import type { Pace } from './pace.ts';
import type { Pair } from './pair.ts';
import type { Progress } from './progress.ts';

export interface Draining {
  readonly pair: Pair;
  readonly pace: Pace;
  readonly progress: Progress;
  readonly clock: Clock;
  /** After it no further slot is begun. */
  readonly stop: AbortSignal;
}

/**
 * Moves every key of slots that are MIGRATING on the donor, of all databases. From then on a slot's keys only get fewer
 * on the donor. After the first failure, or when told to stop, no further slot is begun. Returns what went wrong.
 */
export async function drain(slots: readonly number[], work: Draining): Promise<Failure | null> {
  for (const database of await furtherDatabases(work.pair.donor)) {
    await using connection = await openDatabase({ pod: work.pair.donor.pod, open: work.pair.open }, database);
    const failure = await drainDatabase(slots, database, connection, work);
    if (failure !== null || work.stop.aborted) return failure;
  }
  return drainDatabase(slots, 0, work.pair.donor.main, work);
}

/**
 * Several lanes share the slots and one connection: while the donor works on one lane's MIGRATE, the others' are already
 * in its buffer, so no round trip is waited for in vain. More connections would not help: MIGRATE blocks the donor.
 */
async function drainDatabase(
  slots: readonly number[],
  database: number,
  donor: Connection,
  work: Draining,
): Promise<Failure | null> {
  const queue = new SlotQueue(await filledAmong(slots, donor), donor, work.pace);
  let failure: Failure | null = null;
  let lanes = work.pace.stride().inFlight;
  await inLanes(lanes, async (hasFailed) => {
    const goesOn = (): boolean => failure === null && !hasFailed() && !work.stop.aborted;
    while (goesOn() && lanes <= Math.max(1, work.pace.stride().inFlight)) {
      const next = await queue.next();
      if (next === null) return;
      failure = (await emptySlot(next, database, donor, work)) ?? failure;
    }
    lanes -= 1;
  });
  return failure;
}

/** Without those that are known to be empty. */
async function filledAmong(slots: readonly number[], donor: Connection): Promise<readonly number[]> {
  const counts = await countByScript(donor, slots);
  return counts === null ? slots : slots.filter((_, i) => counts[i] !== 0);
}

/** Slots with the names of their first keys, asked for a few slots at a time so that no answer holds the donor up. */
class SlotQueue {
  readonly #donor: Connection;
  readonly #pace: Pace;
  #left: readonly number[];
  #known: SlotKeys[] = [];
  #asking: Promise<void> | null = null;

  constructor(slots: readonly number[], donor: Connection, pace: Pace) {
    this.#left = slots;
    this.#donor = donor;
    this.#pace = pace;
  }

  async next(): Promise<SlotKeys | null> {
    while (this.#known.length === 0) {
      if (this.#asking === null && this.#left.length === 0) return null;
      this.#asking ??= this.#ask();
      await this.#asking;
    }
    return this.#known.pop() ?? null;
  }

  async #ask(): Promise<void> {
    const stride = this.#pace.stride();
    const slots = this.#left.slice(0, stride.openTogether);
    const commands = slots.map((slot) => nextKeys(slot, stride));
    const answers = await this.#donor.send(commands, { signal: STEADY });
    this.#known = slots.map((slot, i) => {
      const answer = answers[i];
      if (answer?.ok === true) return { slot, keys: keysOf(answer.value, this.#donor.pod) };
      throw refusal(this.#donor.pod, nextKeys(slot, stride), answer?.error ?? 'nothing');
    });
    this.#left = this.#left.slice(slots.length);
    this.#asking = null;
  }
}
