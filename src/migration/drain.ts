import { Failure } from '../core/failure.ts';
import { array } from '../core/replies.ts';
import { refusal, STEADY } from '../ports/ask.ts';
import type { Clock } from '../ports/clock.ts';
import type { Command, Connection, Reply } from '../ports/redis.ts';
import { furtherDatabases, openDatabase } from './databases.ts';
import { migrateCommand } from './migrate.ts';
import { mayPass, migrateFailure } from './migrate-errors.ts';
import type { Stride } from './pace.ts';
import type { Pair } from './pair.ts';
import type { Progress } from './progress.ts';

/** Milliseconds that MIGRATE may wait for the receiver: the first try, then longer ones for what may be a big key. */
const TIMEOUTS = [4_000, 4_000, 10_000, 10_000, 30_000, 30_000] as const;

interface Draining {
  readonly pair: Pair;
  readonly stride: Stride;
  readonly progress: Progress;
  readonly clock: Clock;
}

/** Which slots hold nothing any more, and what went wrong with the others. */
export interface Drained {
  readonly empty: readonly number[];
  readonly failure: Failure | null;
}

/**
 * Moves every key of slots that are MIGRATING on the donor, of all databases. From then on a slot's keys only get fewer
 * on the donor, so a slot that was seen empty stays empty. After the first failure no further slot is begun.
 */
export async function drain(slots: readonly number[], work: Draining): Promise<Drained> {
  const further = await furtherDatabases(work.pair.donor.main);
  let left: Drained = { empty: slots, failure: null };
  for (const database of further) {
    if (left.failure !== null) break;
    await using connection = await openDatabase(work.pair, work.pair.donor, database);
    left = await drainDatabase(left.empty, database, connection, work);
  }
  return left.failure === null ? drainDatabase(left.empty, 0, work.pair.donor.main, work) : { ...left, empty: [] };
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
): Promise<Drained> {
  const queue = await firstKeys(slots, donor, keysPerMigrate(work));
  const empty: number[] = [];
  let failure: Failure | null = null;
  const lane = async (): Promise<void> => {
    for (;;) {
      const next = failure === null ? queue.pop() : undefined;
      if (next === undefined) return;
      failure = (await emptySlot(next, database, donor, work)) ?? failure;
      if (failure === null) empty.push(next.slot);
    }
  };
  await Promise.all(Array.from({ length: work.stride.inFlight }, lane));
  return { empty, failure };
}

interface SlotKeys {
  readonly slot: number;
  readonly keys: readonly Buffer[];
}

async function firstKeys(slots: readonly number[], donor: Connection, limit: number): Promise<SlotKeys[]> {
  const answers = await donor.send(
    slots.map((slot) => getKeys(slot, limit)),
    { signal: STEADY },
  );
  return slots.map((slot, i) => {
    const answer = answers[i];
    if (answer === undefined || !answer.ok) throw refusal(donor.pod, getKeys(slot, limit), answer?.error ?? 'nothing');
    return { slot, keys: keysOf(answer.value, donor.pod) };
  });
}

/** Returns when the slot is empty, or with what kept it from that. */
async function emptySlot(
  { slot, keys: first }: SlotKeys,
  database: number,
  donor: Connection,
  { pair, progress, clock, ...work }: Draining,
): Promise<Failure | null> {
  let keys = first;
  let failures = 0;
  let careful = false;
  while (keys.length > 0) {
    const timeout = TIMEOUTS[failures] ?? 30_000;
    // After trouble one by one, so that a big key gets its time and no other key pays for it.
    const part = careful ? keys.slice(0, 1) : keys;
    const limit = careful ? 1 : keysPerMigrate({ pair, ...work });
    const [migrated, rest] = await donor.send(
      [migrateCommand(pair, part, { database, timeout }), getKeys(slot, limit)],
      {
        signal: STEADY,
        timeout: (timeout + 5_000) * (work.stride.inFlight + 1),
      },
    );
    if (migrated?.ok === true && rest?.ok === true) {
      failures = 0;
      progress.movedKeys(part.length);
      keys = keysOf(rest.value, donor.pod);
      continue;
    }
    const error = wordsOf(migrated) ?? wordsOf(rest) ?? 'no answer';
    failures += 1;
    careful = true;
    if (!mayPass(error) || failures >= TIMEOUTS.length) return migrateFailure(pair, slot, error);
    await clock.sleep(250 * failures, { signal: STEADY });
  }
  return null;
}

function wordsOf(answer: { ok: true } | { ok: false; error: string } | undefined): string | null {
  return answer?.ok === false ? answer.error : null;
}

function getKeys(slot: number, limit: number): Command {
  return ['CLUSTER', 'GETKEYSINSLOT', slot, limit];
}

function keysOf(reply: Reply, pod: string): readonly Buffer[] {
  return array(reply, `CLUSTER GETKEYSINSLOT of ${pod}`).map((key) => {
    if (Buffer.isBuffer(key)) return key;
    throw new Failure('redis-error', `Cannot read a key name in the reply of ${pod} to CLUSTER GETKEYSINSLOT.`, {
      remedy: 'Open an issue with this message.',
    });
  });
}

/** As many keys as the stride allows, fewer where they are large on average. */
function keysPerMigrate({ pair, stride }: Pick<Draining, 'pair' | 'stride'>): number {
  const fitting = pair.averageKey === 0 ? stride.keysPerMigrate : Math.floor(stride.bytesPerMigrate / pair.averageKey);
  return Math.max(1, Math.min(stride.keysPerMigrate, fitting));
}
