import type { Failure } from '../core/failure.ts';
import { inLanes } from '../core/in-parallel.ts';
import type { Connection } from '../ports/redis.ts';
import { refusal, STEADY } from '../servers/ask.ts';
import { countByScript } from './count-script.ts';
import { furtherDatabases, openDatabase } from './databases.ts';
import { type Draining, emptySlot, type SlotKeys } from './empty-slot.ts';
import { namesOf, nextKeys } from './keys-in-slot.ts';
import type { Pace } from './pace.ts';

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

/** Where a script may count, slots are emptied without asking each again, and all together are counted at the end. */
async function drainDatabase(
  slots: readonly number[],
  database: number,
  donor: Connection,
  work: Draining,
): Promise<Failure | null> {
  let left = slots;
  for (let rounds = 0; ; rounds += 1) {
    const counts = await countByScript(donor, left);
    const isCounted = counts !== null;
    left = isCounted ? left.filter((_, i) => counts[i] !== 0) : left;
    if (left.length === 0) return null;
    // What is in a slot again once it was empty is looked at closely.
    const failure = await drainOnce(left, { database, donor, isCounted: isCounted && rounds === 0 }, work);
    if (failure !== null || work.stop.aborted || !isCounted) return failure;
  }
}

/**
 * Several lanes share the slots and one connection: while the donor works on one lane's MIGRATE, the others' are already
 * in its buffer, so no round trip is waited for in vain. More connections would not help: MIGRATE blocks the donor.
 */
async function drainOnce(
  slots: readonly number[],
  { database, donor, isCounted }: { database: number; donor: Connection; isCounted: boolean },
  work: Draining,
): Promise<Failure | null> {
  const queue = new SlotQueue(slots, donor, work.pace);
  let failure: Failure | null = null;
  let lanes = work.pace.stride().inFlight;
  await inLanes(lanes, async (hasFailed) => {
    const goesOn = (): boolean => failure === null && !hasFailed() && !work.stop.aborted;
    while (goesOn() && lanes <= Math.max(1, work.pace.stride().inFlight)) {
      const next = await queue.next();
      if (next === null) return;
      const known = { ...next, isWhole: isCounted && next.isWhole };
      failure = (await emptySlot(known, database, donor, work)) ?? failure;
    }
    lanes -= 1;
  });
  return failure;
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
      if (answer?.ok === true) return { slot, ...namesOf(answer.value, this.#donor.pod, stride) };
      throw refusal(this.#donor.pod, nextKeys(slot, stride), answer?.error ?? 'nothing');
    });
    this.#left = this.#left.slice(slots.length);
    this.#asking = null;
  }
}
