import { Failure, type FailureCode } from '../core/failure.ts';
import { meaningOf } from '../core/server-errors.ts';
import { ask, STEADY } from '../ports/ask.ts';
import { type Command, type Connection, Encoded, type Reply } from '../ports/redis.ts';
import type { Draining } from './drain.ts';
import { keysOf, nextKeys } from './keys-in-slot.ts';
import { askNext, nextOf } from './keys-script.ts';
import { migrateCommand } from './migrate.ts';
import { migrateFailure, pauseAfter } from './migrate-errors.ts';
import type { Stride } from './pace.ts';
import { mayRun } from './script.ts';
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

/** Reasons to stop after which this process may be killed, or somebody else may begin. */
const HURRIED: readonly FailureCode[] = ['stopped', 'lock-lost'];

export interface SlotKeys {
  readonly slot: number;
  /** The names of some of its keys; none: it is empty. Encoded they are enough for one MIGRATE. */
  readonly keys: readonly Buffer[] | Encoded;
}

/** Keys of one MIGRATE where they are not weighed one by one; null: they are. */
export function unweighed({ keysPerMigrate, bytesPerMigrate }: Stride, averageKey: number): number | null {
  if (averageKey >= WEIGHED_FROM) return null;
  return Math.max(1, Math.min(keysPerMigrate, Math.floor(bytesPerMigrate / Math.max(1, averageKey))));
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
  #keys: SlotKeys['keys'];
  #isWeighed: boolean;
  /** How many keys still go one by one. */
  #careful = 0;
  #failures = 0;
  #stopSeen: number | null = null;

  constructor({ slot, keys }: SlotKeys, database: number, donor: Connection, work: Draining) {
    this.#slot = slot;
    this.#keys = keys;
    this.#database = database;
    this.#donor = donor;
    this.#work = work;
    this.#isWeighed = work.pair.averageKey >= WEIGHED_FROM;
  }

  async run(): Promise<Failure | null> {
    while (howMany(this.#keys) > 0 && !this.#isOver()) {
      const failure = await this.#move(await this.#packs());
      if (failure !== null) return failure;
    }
    return null;
  }

  /** A slot that is half moved stays open, which a stop should not leave; one of very many keys must. */
  #isOver(): boolean {
    const { clock, stop } = this.#work;
    if (!stop.aborted) return false;
    this.#stopSeen ??= clock.now();
    const isHurried = !(stop.reason instanceof Failure) || HURRIED.includes(stop.reason.code);
    return clock.now() - this.#stopSeen > (isHurried ? LAST_CALL : AFTER_OTHERS);
  }

  async #packs(): Promise<readonly Pack[]> {
    const { keysPerMigrate, bytesPerMigrate } = this.#work.pace.stride();
    const { averageKey } = this.#work.pair;
    if (this.#keys instanceof Encoded) {
      const { count } = this.#keys;
      if (!this.#isWeighed) return [{ count, keys: [this.#keys], bytes: count * averageKey }];
      this.#keys = await this.#names();
    }
    const sizes = this.#isWeighed ? await sizesOf(this.#donor, this.#keys) : this.#keys.map(() => averageKey);
    return packs(this.#keys, sizes, { keys: this.#careful > 0 ? 1 : keysPerMigrate, bytes: bytesPerMigrate });
  }

  /** Moves one part after the other; what is left in the slot then is asked for in the pipeline of the last. */
  async #move(parts: readonly Pack[]): Promise<Failure | null> {
    const { clock, pace, progress } = this.#work;
    for (const [i, part] of parts.entries()) {
      if (this.#isOver()) return null;
      const isLast = i === parts.length - 1;
      const error = await this.#migrate(part, isLast ? this.#next() : null);
      if (error !== null) return this.#failed(error, part);
      this.#failures = 0;
      this.#careful = Math.max(0, this.#careful - part.count);
      progress.movedKeys(part.count);
      const { rest } = pace.stride();
      if (rest > 0) await clock.sleep(rest, { signal: STEADY });
    }
    return null;
  }

  /** Returns the server's error. */
  async #migrate({ keys, bytes }: Pack, next: Next | null): Promise<string | null> {
    const { pair, pace, clock } = this.#work;
    const timeout = Math.round(TIMEOUT * (1 + Math.min(this.#failures, MOST_PATIENT)) + bytes / BYTES_PER_MS);
    const begun = clock.now();
    const [migrated, answer] = await this.#donor.send(
      [migrateCommand(pair, keys, { database: this.#database, timeout }), ...(next === null ? [] : [next.command])],
      { signal: STEADY, timeout: (timeout + 5_000) * (pace.stride().inFlight + 1) },
    );
    if (clock.now() - begun > LONG) this.#isWeighed = true;
    if (migrated?.ok !== true) return migrated?.error ?? 'no answer';
    if (next === null) return null;
    if (answer?.ok !== true) return answer?.error ?? 'no answer';
    this.#keys = next.read(answer.value);
    return null;
  }

  /** What passes by itself is tried again after a while, unless the run is to stop. */
  async #failed(error: string, { count, bytes }: Pack): Promise<Failure | null> {
    const { pair, clock, stop, progress } = this.#work;
    const failure = migrateFailure(pair, this.#slot, error, count === 1 ? bytes : 0);
    this.#failures += 1;
    this.#careful = CAREFUL;
    this.#isWeighed = true;
    const pause = pauseAfter(error, this.#failures);
    if (pause === null || stop.aborted) return failure;
    if (this.#failures === 1)
      progress.waits(`${pair.donor.pod.name} cannot send keys of slot ${this.#slot} yet: "${error}". Trying again.`);
    if (meaningOf(error) === 'io-error') {
      // Another MIGRATE to a receiver that hangs would block the donor for nothing.
      if (!(await untilAnswers(pair, this.#work))) return failure;
    }
    await clock.sleep(pause, { signal: STEADY });
    const [names] = await this.#donor.send([this.#nextNames().command], { signal: STEADY });
    if (names?.ok !== true) return migrateFailure(pair, this.#slot, names?.error ?? 'no answer');
    this.#keys = keysOf(names.value, this.#donor.pod);
    return null;
  }

  async #names(): Promise<readonly Buffer[]> {
    const { command } = this.#nextNames();
    return keysOf(await ask(this.#donor, command, { signal: STEADY }), this.#donor.pod);
  }

  /** By a script as long as no key is to be looked at by itself. */
  #next(): Next {
    const most = unweighed(this.#work.pace.stride(), this.#work.pair.averageKey);
    if (most === null || this.#isWeighed || this.#careful > 0 || !mayRun(this.#donor)) return this.#nextNames();
    return { command: askNext(this.#slot, most), read: (reply) => nextOf(reply, this.#donor.pod) };
  }

  #nextNames(): Next {
    return {
      command: nextKeys(this.#slot, this.#work.pace.stride()),
      read: (reply) => keysOf(reply, this.#donor.pod),
    };
  }
}

/** How the slot's next keys are asked for. */
interface Next {
  readonly command: Command;
  readonly read: (reply: Reply) => SlotKeys['keys'];
}

function howMany(keys: SlotKeys['keys']): number {
  return keys instanceof Encoded ? keys.count : keys.length;
}
