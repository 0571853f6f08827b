import { Failure } from '../core/failure.ts';
import { meaningOf } from '../core/server-errors.ts';
import type { StepContext } from '../ports/context.ts';
import type { Connection } from '../ports/redis.ts';
import { refusal, STEADY } from '../servers/ask.ts';
import { checkPathBy } from './canary.ts';
import { countKeys } from './count-keys.ts';
import { furtherDatabases, openDatabase } from './databases.ts';
import { getKeys, keysOf } from './keys-in-slot.ts';
import { endLateLinks } from './late-links.ts';
import { migrateCommand } from './migrate.ts';
import { keysThatAreNone, MOST_IDLE, migrateFailure, pauseAfter } from './migrate-errors.ts';
import { constantPace } from './pace.ts';
import type { Pair } from './pair.ts';
import { setSlots } from './setslot.ts';

/** Keys of one MIGRATE. */
const TOGETHER = 20;
const TIMEOUT = 5_000;
/** So many failures in a row give it more time. */
const MOST_PATIENT = 6;

/**
 * Sends the keys that the donor of the pair holds of slots that the receiver owns and the donor does not. A key that the
 * owner has, too, is the older of two: it is deleted. Meanwhile the donor marks the slot IMPORTING, for only so does a
 * server let MIGRATE and ASKING have keys of a slot that is not its own; no client is sent there for that.
 * A run that is killed meanwhile leaves what looks like a receiver with keys, whose donor has failed over: the next one lets the
 * slot go there, with all that the owner has.
 * Returns how many keys the owner had already. Throws the reason of `context.stop` between two commands: what is left
 * is found by the next look.
 */
export async function collect(pair: Pair, slots: readonly number[], context: Context): Promise<number> {
  const pace = { clock: context.clock, pace: constantPace() };
  // Redis from 8.4 on counts keys of its own slots and of those that it marks, and of no others.
  await setSlots(pair.donor, slots, ['IMPORTING', pair.receiver.id], pace);
  try {
    const counts = await countKeys(pair, pair.donor, slots);
    const held = slots.filter((_, i) => (counts[i] ?? 0) > 0);
    if (held.length === 0) return 0;
    await checkPathBy(pair, held, context);
    return await collectHeld(pair, held, context);
  } finally {
    await setSlots(pair.donor, slots, ['STABLE'], pace);
  }
}

type Context = Pick<StepContext, 'clock' | 'stop'>;

async function collectHeld(pair: Pair, slots: readonly number[], context: Context): Promise<number> {
  let older = 0;
  const collectIn = async (connection: Connection, database: number): Promise<void> => {
    for (const slot of slots) {
      older += await collectSlot(pair, slot, { connection, database, ...context });
    }
  };
  for (const database of await furtherDatabases(pair.donor)) {
    await using connection = await openDatabase({ pod: pair.donor.pod, open: pair.open }, database);
    await collectIn(connection, database);
  }
  await collectIn(pair.donor.main, 0);
  return older;
}

interface Way extends Context {
  readonly connection: Connection;
  readonly database: number;
}

async function collectSlot(pair: Pair, slot: number, way: Way): Promise<number> {
  let older = 0;
  let last: Buffer | undefined;
  for (let idle = 0; ; ) {
    way.stop.throwIfAborted();
    const [answer] = await way.connection.send([getKeys(slot, TOGETHER)], { signal: STEADY });
    if (answer?.ok !== true) throw refusal(pair.donor.pod.name, getKeys(slot, TOGETHER), answer?.error ?? 'nothing');
    const keys = keysOf(answer.value, pair.donor.pod.name);
    const [first] = keys;
    if (first === undefined) return older;
    idle = last?.equals(first) === true ? idle + 1 : 0;
    last = first;
    if (idle >= MOST_IDLE) throw keysThatAreNone(pair, slot);
    if (await send(pair, slot, keys, way)) continue;
    for (const key of keys) {
      if (await send(pair, slot, [key], way)) continue;
      await remove(pair, slot, key, way.connection);
      older += 1;
    }
  }
}

/** False: the owner has one of the keys already, and some may have moved. */
async function send(pair: Pair, slot: number, keys: readonly Buffer[], way: Way): Promise<boolean> {
  const { connection, database, clock } = way;
  for (let tries = 1; ; tries += 1) {
    const timeout = TIMEOUT * Math.min(tries, MOST_PATIENT);
    const command = migrateCommand(pair, keys, { database, timeout, keep: 'receiver' });
    const [answer] = await connection.send([command], { signal: STEADY, timeout: timeout + 5_000 });
    if (answer?.ok === true) return true;
    const error = answer?.error ?? 'no answer';
    if (meaningOf(error) === 'busy-key') return false;
    const pause = pauseAfter(error, tries);
    if (pause === null) throw migrateFailure(pair, slot, error);
    if (meaningOf(error) === 'io-error') await endLateLinks(pair);
    await clock.sleep(pause, { signal: STEADY });
  }
}

async function remove(pair: Pair, slot: number, key: Buffer, connection: Connection): Promise<void> {
  const [, deleted] = await connection.send([['ASKING'], ['DEL', key]], { signal: STEADY });
  if (deleted?.ok === true) return;
  throw new Failure(
    'migration-failed',
    `Cannot delete the older copy of a key of slot ${slot} on ${pair.donor.pod.name}: the server says "${deleted?.error ?? 'nothing'}". ${pair.receiver.pod.name} owns the slot and has the newer one.`,
    { remedy: 'Mend what the message names, then run apply again: it goes on with the keys that are left.' },
  );
}
