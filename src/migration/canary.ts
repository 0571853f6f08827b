import { Failure } from '../core/failure.ts';
import { number } from '../core/replies.ts';
import { meaningOf } from '../core/server-errors.ts';
import { contains } from '../core/slots.ts';
import type { Clock } from '../ports/clock.ts';
import type { StepContext } from '../ports/context.ts';
import type { Answer, Command } from '../ports/redis.ts';
import { answerTo, ask, STEADY } from '../servers/ask.ts';
import { viewOf } from '../servers/views.ts';
import { wordInSlot } from './key-slot.ts';
import { migrateCommand } from './migrate.ts';
import { migrateFailure, pauseAfter } from './migrate-errors.ts';
import type { Pair } from './pair.ts';
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
  const [donor, receiver] = await Promise.all([
    viewOf(pair.donor.main, { signal: STEADY }),
    viewOf(pair.receiver.main, { signal: STEADY }),
  ]);
  const slot = slots.find(
    (candidate) =>
      contains(donor.me.slots, candidate) &&
      !contains(receiver.me.slots, candidate) &&
      !donor.migrating.has(candidate) &&
      !receiver.importing.has(candidate),
  );
  if (slot === undefined) return 0;
  await setSlots(pair.receiver, [slot], ['IMPORTING', pair.donor.id], means);
  try {
    return await sendCanary(pair, slot, means);
  } finally {
    await setSlots(pair.receiver, [slot], ['STABLE'], means);
  }
}

/**
 * The same where the donor does not own the slot and can write no key of its own: one of those that it holds is copied.
 * That the owner has a key of that name already is its answer, too.
 */
export async function checkPathBy(pair: Pair, slot: number, means: Means): Promise<void> {
  const key = await anyKey(pair, slot);
  if (key === null) return;
  await copyOver(pair, slot, key, { ...means, keep: 'receiver' });
  await confirm(pair, key);
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

async function sendCanary(pair: Pair, slot: number, means: Means): Promise<number> {
  const own = canaryIn(slot);
  const set = await untilTaken(pair, ['SET', own, '1', 'PX', LIFETIME], means);
  // A donor that is full takes no new key: then a copy of one that it has.
  const isFull = !set.ok && meaningOf(set.error) === 'out-of-memory';
  const key = set.ok ? own : isFull ? await anyKey(pair, slot) : null;
  if (!set.ok && !isFull) throw migrateFailure(pair, slot, set.error);
  if (key === null) return 0;
  try {
    await copyOver(pair, slot, key, { ...means, keep: 'donor' });
    await confirm(pair, key);
    return await hopOf(pair, slot, key, means);
  } finally {
    await pair.receiver.main.send([['ASKING'], ['DEL', key]], { signal: STEADY });
    if (key === own) await pair.donor.main.send([['DEL', key]], { signal: STEADY });
  }
}

const MEASURED = 3;

/** The connection between the two is open by now. The least of some tries counts: more is what else the servers do. */
async function hopOf(pair: Pair, slot: number, key: Buffer | string, means: Means): Promise<number> {
  const times = { ping: Number.POSITIVE_INFINITY, copy: Number.POSITIVE_INFINITY };
  for (let i = 0; i < MEASURED; i += 1) {
    const begun = means.clock.now();
    await ask(pair.donor.main, ['PING'], { signal: STEADY });
    const answered = means.clock.now();
    await copyOver(pair, slot, key, { ...means, keep: 'donor' });
    times.ping = Math.min(times.ping, answered - begun);
    times.copy = Math.min(times.copy, means.clock.now() - answered);
  }
  return Math.max(0, times.copy - times.ping);
}

async function copyOver(
  pair: Pair,
  slot: number,
  key: Buffer | string,
  { keep, ...means }: Means & { readonly keep: 'donor' | 'receiver' },
): Promise<void> {
  const command = migrateCommand(pair, [key], { timeout: 4_000, copy: true, keep });
  const copied = await untilTaken(pair, command, means);
  if (copied.ok || (keep === 'receiver' && meaningOf(copied.error) === 'busy-key')) return;
  throw migrateFailure(pair, slot, copied.error);
}

/** A node that has just joined answers CLUSTERDOWN for a moment. */
async function untilTaken(pair: Pair, command: Command, { clock, stop }: Means): Promise<Answer> {
  for (let failures = 1; ; failures += 1) {
    const answer = await answerTo(pair.donor.main, command, { signal: STEADY });
    const pause = answer.ok ? null : pauseAfter(answer.error, failures);
    if (pause === null) return answer;
    await clock.sleep(pause, { signal: stop });
  }
}

async function confirm(pair: Pair, key: Buffer | string): Promise<void> {
  const [, exists] = await pair.receiver.main.send([['ASKING'], ['EXISTS', key]], { signal: STEADY });
  if (exists?.ok === true && number(exists.value, `EXISTS of ${pair.receiver.pod.name}`) === 1) return;
  const seen = exists === undefined || exists.ok ? 'it is not there' : `the server says "${exists.error}"`;
  const { host, port } = pair.address;
  throw new Failure(
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
