import type { Failure } from '../core/failure.ts';
import { meaningOf } from '../core/server-errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { Command, Connection } from '../ports/redis.ts';
import { STEADY } from '../servers/ask.ts';
import { keysOf, nextKeys } from './keys-in-slot.ts';
import { endLateLinks } from './late-links.ts';
import { migrateCommand } from './migrate.ts';
import { keysThatAreNone, MOST_IDLE, migrateFailure, pauseAfter } from './migrate-errors.ts';
import type { Begun } from './mover.ts';
import type { Pace } from './pace.ts';
import type { Pair } from './pair.ts';
import type { Progress } from './progress.ts';
import { type Pack, packs, sizesOf } from './sizes.ts';
import { untilAnswers } from './until-answers.ts';

/** Milliseconds that MIGRATE may wait for the receiver, which blocks the donor; more for bytes, and after each failure. */
const TIMEOUT = 4_000;
const BYTES_PER_MS = 5_000;
/** So many failures in a row give it more time. */
const MOST_PATIENT = 5;
/** Keys of more bytes than this on average are weighed one by one, which costs a fraction of their move. */
const WEIGHED_FROM = 2_048;
/** Milliseconds of one MIGRATE after which the keys of its slot are weighed: the average has deceived. */
const LONG = 200;
/** So many keys go one by one after a failure: a big one gets its time, and no other pays for it. */
const CAREFUL = 100;
/** Milliseconds that a slot in hand has when the run is told to stop, and when only another step of the stage has failed. */
const LAST_CALL = 3_000;
const AFTER_OTHERS = 60_000;

export interface Draining {
  readonly pair: Pair;
  readonly pace: Pace;
  readonly progress: Progress;
  readonly begun: Begun;
  readonly clock: Clock;
  /** After it no further slot is begun. */
  readonly stop: AbortSignal;
  /** After it there are seconds left. */
  readonly hurry: AbortSignal;
}

export interface SlotKeys {
  readonly slot: number;
  /** The names of some of its keys; none: it is empty. */
  readonly keys: readonly Buffer[];
  /** These are all, and whether any has come since is asked later on, for many slots at once. */
  readonly isWhole: boolean;
}

/** Moves a slot's keys until none is left or the run is told to stop; returns what kept it from that. */
export function emptySlot(
  slot: SlotKeys,
  database: number,
  donor: Connection,
  work: Draining,
): Promise<Failure | null> {
  return new Emptying(slot, database, donor, work).run();
}

/** One slot on its way, with what is learned about its keys meanwhile. */
class Emptying {
  readonly #slot: number;
  readonly #database: number;
  readonly #donor: Connection;
  readonly #work: Draining;
  #keys: readonly Buffer[];
  #isWhole: boolean;
  #isWeighed: boolean;
  /** How many keys still go one by one. */
  #careful = 0;
  #failures = 0;
  #idle = 0;
  #stopSeen: number | null = null;
  #hurrySeen: number | null = null;

  constructor({ slot, keys, isWhole }: SlotKeys, database: number, donor: Connection, work: Draining) {
    this.#slot = slot;
    this.#keys = keys;
    this.#isWhole = isWhole;
    this.#database = database;
    this.#donor = donor;
    this.#work = work;
    this.#isWeighed = work.pair.averageKey >= WEIGHED_FROM;
  }

  async run(): Promise<Failure | null> {
    while (this.#keys.length > 0 && !this.#isOver()) {
      const failure = await this.#move(await this.#packs());
      if (failure !== null) return failure;
    }
    return null;
  }

  /** A slot that is half moved stays open, which a stop should not leave; one of very many keys must. */
  #isOver(): boolean {
    const { clock, stop, hurry } = this.#work;
    if (!stop.aborted) return false;
    const now = clock.now();
    this.#stopSeen ??= now;
    if (hurry.aborted) this.#hurrySeen ??= now;
    return now - this.#stopSeen > AFTER_OTHERS || (this.#hurrySeen !== null && now - this.#hurrySeen > LAST_CALL);
  }

  async #packs(): Promise<readonly Pack[]> {
    const { keysPerMigrate, bytesPerMigrate } = this.#work.pace.stride();
    const { averageKey } = this.#work.pair;
    const sizes = this.#isWeighed ? await sizesOf(this.#donor, this.#keys) : this.#keys.map(() => averageKey);
    return packs(this.#keys, sizes, { keys: this.#careful > 0 ? 1 : keysPerMigrate, bytes: bytesPerMigrate });
  }

  /** Moves one part after the other; what is left in the slot then is asked for in the pipeline of the last, if here at all. */
  async #move(parts: readonly Pack[]): Promise<Failure | null> {
    const { pair, clock, pace, progress } = this.#work;
    const [first] = this.#keys;
    for (const [i, part] of parts.entries()) {
      if (this.#isOver()) return null;
      const isLast = i === parts.length - 1;
      const error = await this.#migrate(part, isLast && !this.#isWhole ? [this.#next()] : []);
      if (error !== null) return this.#failed(error, part);
      this.#failures = 0;
      this.#careful = Math.max(0, this.#careful - part.keys.length);
      progress.movedKeys(part.keys.length);
      const { rest } = pace.stride();
      if (rest > 0) await clock.sleep(rest, { signal: STEADY });
    }
    if (this.#isWhole) this.#keys = [];
    const isIdle = first !== undefined && this.#keys[0]?.equals(first) === true;
    this.#idle = isIdle ? this.#idle + 1 : 0;
    return this.#idle < MOST_IDLE ? null : keysThatAreNone(pair, this.#slot);
  }

  /** Returns the server's error. */
  async #migrate({ keys, bytes }: Pack, asking: readonly Command[]): Promise<string | null> {
    const { pair, pace, clock } = this.#work;
    const timeout = Math.round(TIMEOUT * (1 + Math.min(this.#failures, MOST_PATIENT)) + bytes / BYTES_PER_MS);
    const begun = clock.now();
    const [migrated, next] = await this.#donor.send(
      [migrateCommand(pair, keys, { database: this.#database, timeout }), ...asking],
      { signal: STEADY, timeout: (timeout + 5_000) * (pace.stride().inFlight + 1) },
    );
    if (clock.now() - begun > LONG) this.#isWeighed = true;
    if (migrated?.ok !== true) return migrated?.error ?? 'no answer';
    if (asking.length === 0) return null;
    if (next?.ok !== true) return next?.error ?? 'no answer';
    this.#keys = keysOf(next.value, this.#donor.pod);
    return null;
  }

  /** What passes by itself is tried again after a while, unless the run is to stop. */
  async #failed(error: string, { keys, bytes }: Pack): Promise<Failure | null> {
    const { pair, clock, stop, progress } = this.#work;
    const failure = migrateFailure(pair, this.#slot, error, keys.length === 1 ? bytes : 0);
    this.#failures += 1;
    this.#careful = CAREFUL;
    this.#isWeighed = true;
    this.#isWhole = false;
    const pause = pauseAfter(error, this.#failures);
    if (pause === null || stop.aborted) return failure;
    if (this.#failures === 1)
      progress.waits(`${pair.donor.pod.name} cannot send keys of slot ${this.#slot} yet: "${error}". Trying again.`);
    if (meaningOf(error) === 'io-error') {
      // Another MIGRATE to a receiver that hangs would block the donor for nothing.
      if (!(await untilAnswers(pair, this.#work))) return failure;
      await endLateLinks(pair);
    }
    await clock.sleep(pause, { signal: STEADY });
    const [names] = await this.#donor.send([this.#next()], { signal: STEADY });
    if (names?.ok !== true) return migrateFailure(pair, this.#slot, names?.error ?? 'no answer');
    this.#keys = keysOf(names.value, this.#donor.pod);
    return null;
  }

  #next(): Command {
    return nextKeys(this.#slot, this.#work.pace.stride());
  }
}
