import { Failure } from '../core/failure.ts';
import { number } from '../core/replies.ts';
import { meaningOf } from '../core/server-errors.ts';
import { contains } from '../core/slots.ts';
import type { Clock } from '../ports/clock.ts';
import type { StepContext } from '../ports/context.ts';
import type { Answer, Command } from '../ports/redis.ts';
import { ask, STEADY } from '../servers/ask.ts';
import { viewOf } from '../servers/views.ts';
import { countKeys } from './count-keys.ts';
import { wordInSlot } from './key-slot.ts';
import { migrateCommand } from './migrate.ts';
import { keysThatAreNone, MOST_IDLE, migrateFailure, pauseAfter } from './migrate-errors.ts';
import type { Pair, Side } from './pair.ts';
import { setSlots } from './setslot.ts';

/** Milliseconds after which the canary is gone by itself on both sides, should this run be killed. */
const LIFETIME = 120_000;

type Means = Pick<StepContext, 'clock' | 'stop'>;

/**
 * Sends one key of its own from donor to receiver and looks whether it arrived, before any key of the user's is moved.
 * MIGRATE takes every reply line that does not begin with `-` for success, then deletes the keys: were the receiver's
 * address answered by something else, such as a mesh's sidecar that speaks HTTP, all would be lost with an OK.
 * The slot is not MIGRATING meanwhile, so no client is sent to the receiver for it.
 * Where every slot is open already, the run that opened them has checked the path.
 * Returns the milliseconds that each MIGRATE of the donor waits for the receiver, however little it sends; 0 where no path was checked.
 */
export async function checkPath(pair: Pair, slots: readonly number[], means: Means): Promise<number> {
  const closed = await closedSlots(pair, slots);
  const [first] = closed;
  if (first === undefined) return 0;
  const hop = await awaiting(pair, first, means, () => sendCanary({ pair, slot: first, keep: 'donor', means }));
  if (hop !== null) return hop;
  for (const slot of await heldSlots(pair, closed)) {
    const another = await awaiting(pair, slot, means, () => sendOneOfIts({ pair, slot, keep: 'donor', means }));
    if (another !== null) return another;
  }
  return 0;
}

/** The same where the receiver owns the slots, and the donor has marked them IMPORTING, so that it takes a key there. */
export async function checkPathBy(pair: Pair, slots: readonly number[], means: Means): Promise<void> {
  const [first] = slots;
  if (first === undefined) return;
  if ((await sendCanary({ pair, slot: first, keep: 'receiver', means })) !== null) return;
  for (const slot of slots) {
    if ((await sendOneOfIts({ pair, slot, keep: 'receiver', means })) !== null) return;
  }
}

/**
 * Removes canaries that a run which was cut off has left on a receiver, in slots that it does not own. Returns the slots
 * in which it holds other keys.
 */
export async function removeCanaries(pair: Pair, slots: readonly number[], clock: Clock): Promise<readonly number[]> {
  const others: number[] = [];
  if (slots.length === 0) return others;
  const { importing } = await viewOf(pair.receiver.main, { signal: STEADY });
  for (const slot of slots) {
    const key = canaryIn(slot);
    const held = await ask(pair.receiver.main, ['CLUSTER', 'GETKEYSINSLOT', slot, 2], { signal: STEADY });
    const isCanary = Array.isArray(held) && held.length === 1 && String(held[0]) === key;
    if (!isCanary) {
      others.push(slot);
      continue;
    }
    const isMarked = importing.has(slot);
    if (!isMarked) await setSlots(pair.receiver, [slot], ['IMPORTING', pair.donor.id], { clock });
    await pair.receiver.main.send([['ASKING'], ['DEL', key]], { signal: STEADY });
    if (!isMarked) await setSlots(pair.receiver, [slot], ['STABLE'], { clock });
  }
  return others;
}

function canaryIn(slot: number): string {
  return `redis-cluster-topology:canary:{${wordInSlot(slot)}}`;
}

/** Slots that the donor owns and nobody has opened. */
async function closedSlots(pair: Pair, slots: readonly number[]): Promise<readonly number[]> {
  const [donor, receiver] = await Promise.all([
    viewOf(pair.donor.main, { signal: STEADY }),
    viewOf(pair.receiver.main, { signal: STEADY }),
  ]);
  return slots.filter(
    (slot) =>
      contains(donor.me.slots, slot) &&
      !contains(receiver.me.slots, slot) &&
      !donor.migrating.has(slot) &&
      !receiver.importing.has(slot),
  );
}

async function heldSlots(pair: Pair, slots: readonly number[]): Promise<readonly number[]> {
  const counts = await countKeys(pair, pair.donor, slots);
  return slots.filter((_, i) => (counts[i] ?? 0) > 0);
}

async function awaiting<T>(pair: Pair, slot: number, means: Means, work: () => Promise<T>): Promise<T> {
  await setSlots(pair.receiver, [slot], ['IMPORTING', pair.donor.id], means);
  try {
    return await work();
  } finally {
    await setSlots(pair.receiver, [slot], ['STABLE'], means);
  }
}

interface Through {
  readonly pair: Pair;
  readonly slot: number;
  /** Who owns the slot: whose copy counts where both have a key. */
  readonly keep: 'donor' | 'receiver';
  readonly means: Means;
}

/** Returns as `checkPath`; null: the donor is full and takes no new key. */
async function sendCanary(through: Through): Promise<number | null> {
  const { pair, slot } = through;
  const key = canaryIn(slot);
  const set = await untilTaken(['SET', key, '1', 'PX', LIFETIME], through);
  if (!set.ok && meaningOf(set.error) === 'out-of-memory') return null;
  if (!set.ok) throw migrateFailure(pair, slot, set.error);
  try {
    if (await arrives(key, through)) return await hopOf(key, through);
    throw unanswered(pair, 'it is not there, nor where it came from');
  } finally {
    await pair.receiver.main.send([['ASKING'], ['DEL', key]], { signal: STEADY });
    await pair.donor.main.send([['ASKING'], ['DEL', key]], { signal: STEADY });
  }
}

/**
 * A copy of a key that the donor has, which may expire or be deleted at any time. Returns as `checkPath`; null: the slot has
 * none any more.
 */
async function sendOneOfIts(through: Through): Promise<number | null> {
  const { pair, slot, keep } = through;
  for (let tries = 0; tries < MOST_IDLE; tries += 1) {
    const key = await anyKey(pair, slot);
    if (key === null) return null;
    try {
      if (await arrives(key, through)) return await hopOf(key, through);
    } finally {
      if (keep === 'donor') await pair.receiver.main.send([['ASKING'], ['DEL', key]], { signal: STEADY });
    }
  }
  throw keysThatAreNone(pair, slot);
}

const MEASURED = 3;

/** The connection between the two is open by now. The least of some tries counts: more is what else the servers do. */
async function hopOf(key: Buffer | string, through: Through): Promise<number> {
  const { pair, means } = through;
  const times = { ping: Number.POSITIVE_INFINITY, copy: Number.POSITIVE_INFINITY };
  for (let i = 0; i < MEASURED; i += 1) {
    const begun = means.clock.now();
    await ask(pair.donor.main, ['PING'], { signal: STEADY });
    const answered = means.clock.now();
    await copyOver(key, through);
    times.ping = Math.min(times.ping, answered - begun);
    times.copy = Math.min(times.copy, means.clock.now() - answered);
  }
  return Math.max(0, times.copy - times.ping);
}

/** False: the donor does not have the key any more. */
async function arrives(key: Buffer | string, through: Through): Promise<boolean> {
  const { donor, receiver } = through.pair;
  await copyOver(key, through);
  const there = await exists(receiver, key);
  if (there.ok && number(there.value, `EXISTS of ${receiver.pod.name}`) === 1) return true;
  const here = await exists(donor, key);
  if (there.ok && here.ok && number(here.value, `EXISTS of ${donor.pod.name}`) === 0) return false;
  throw unanswered(through.pair, there.ok ? 'it is not there' : `the server says "${there.error}"`);
}

async function copyOver(key: Buffer | string, through: Through): Promise<void> {
  const { pair, slot, keep } = through;
  const copied = await untilTaken(migrateCommand(pair, [key], { timeout: 4_000, copy: true, keep }), through);
  if (copied.ok || (keep === 'receiver' && meaningOf(copied.error) === 'busy-key')) return;
  throw migrateFailure(pair, slot, copied.error);
}

/** What the donor answers. A node that has just joined answers CLUSTERDOWN for a moment. */
async function untilTaken(command: Command, { pair, means: { clock, stop } }: Through): Promise<Answer> {
  for (let failures = 1; ; failures += 1) {
    const answer = await answerOf(pair.donor, command);
    const pause = answer.ok ? null : pauseAfter(answer.error, failures);
    if (pause === null) return answer;
    await clock.sleep(pause, { signal: stop });
  }
}

function exists(side: Side, key: Buffer | string): Promise<Answer> {
  return answerOf(side, ['EXISTS', key]);
}

/** Whether it owns the slot or awaits it. */
async function answerOf({ main }: Side, command: Command): Promise<Answer> {
  const [, answer] = await main.send([['ASKING'], command], { signal: STEADY });
  return answer ?? { ok: false, error: 'nothing' };
}

function unanswered(pair: Pair, seen: string): Failure {
  const { host, port } = pair.address;
  return new Failure(
    'migration-failed',
    `Cannot move keys from ${pair.donor.pod.name} to ${pair.receiver.pod.name}: a key was copied to ${host}:${port}, the answer was OK, and on ${pair.receiver.pod.name} ${seen}. Something else answers at that address, and MIGRATE would delete every key after such an OK. No key was moved.`,
    {
      remedy: `Look what lies between the pods: a service mesh's sidecar that speaks HTTP must leave port ${port} alone.`,
    },
  );
}

async function anyKey(pair: Pair, slot: number): Promise<Buffer | null> {
  const keys = await ask(pair.donor.main, ['CLUSTER', 'GETKEYSINSLOT', slot, 1], { signal: STEADY });
  const key = Array.isArray(keys) ? keys[0] : null;
  return Buffer.isBuffer(key) ? key : null;
}
