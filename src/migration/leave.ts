import { asFailure, Failure } from '../core/failure.ts';
import { print, slotsOfNumbers } from '../core/slots.ts';
import { slotsInWords } from '../core/wording.ts';
import type { Command } from '../ports/redis.ts';
import { refusal, STEADY } from '../servers/ask.ts';
import { close } from './close.ts';
import { countKeys, keysIn } from './count-keys.ts';
import { databasesIn, KEYSPACE_QUESTION } from './databases.ts';
import type { Means } from './pace.ts';
import type { Pair } from './pair.ts';
import type { Progress } from './progress.ts';
import { setSlots, setSlotTimeout } from './setslot.ts';
import { slotStates } from './slot-states.ts';

/**
 * Leaves slots as they may stay, whatever happened to them: those whose keys have all moved are finished, those of which
 * none has moved are closed again. What is in between stays open, which clients do not notice, and is named.
 * Returns what is to be thrown: the reason, or with slots left open the same with their numbers.
 */
export async function leaveInOrder(
  pair: Pair,
  slots: readonly number[],
  reason: unknown,
  work: Means & { readonly progress: Progress; readonly hurry: AbortSignal },
): Promise<unknown> {
  const { atDonor, begun, open } = await slotStates(pair, slots);
  const keys = await countKeys(pair, pair.donor, begun);
  const emptied = new Set(begun.filter((_, i) => keys[i] === 0));
  const kept = new Set(atDonor.filter((slot) => !emptied.has(slot)));
  const finished = slots.filter((slot) => !kept.has(slot));
  const unfinished = await closeOrTell(pair, finished, { ...work, inHurry: work.hurry.aborted });
  const stillOpen = await rollBack(
    pair,
    open.filter((slot) => kept.has(slot)),
    work,
  );
  const further = [...unfinished, ...openDetails(pair, stillOpen)];
  if (further.length === 0) return reason;
  const { code, message, remedy, details } = asFailure(reason);
  return new Failure(code, message, { remedy, details: [...details, ...further], cause: reason });
}

function openDetails({ receiver }: Pair, slots: readonly number[]): readonly string[] {
  if (slots.length === 0) return [];
  return [
    `Left open: ${slotsInWords(slotsOfNumbers(slots))}, with keys on ${receiver.pod.name} already. Clients are served from both; the next apply goes on there.`,
  ];
}

/** That some slots cannot be finished keeps nobody from closing the others. Throws where the connection is lost: nothing goes then. */
async function closeOrTell(
  pair: Pair,
  slots: readonly number[],
  work: Means & { readonly progress: Progress; readonly inHurry: boolean },
): Promise<readonly string[]> {
  try {
    await close(pair, slots, work, work);
    work.progress.movedSlots(slots);
    return [];
  } catch (thrown) {
    const failure = asFailure(thrown);
    if (failure.code === 'redis-unreachable') throw failure;
    const words = `Slots ${print(slotsOfNumbers(slots))} are empty on ${pair.donor.pod.name} and not closed: ${failure.message}`;
    return [words, ...failure.details];
  }
}

/** Slots that are closed in one go: each round trip of the runner is one in which clients bounce between the two. */
const CLOSED_TOGETHER = 16;

/**
 * Closes slots of which the receiver holds nothing, and returns those of which it holds keys. The receiver first: from
 * then on nobody can write there, so a slot counted empty is empty, and the donor may take it back. Clients that the
 * donor still sends over are sent back: so a few slots at a time, and the donor at once.
 */
async function rollBack(pair: Pair, slots: readonly number[], means: Means): Promise<readonly number[]> {
  const { toImport } = await slotStates(pair, slots);
  const keys = await countKeys(pair, pair.receiver, toImport);
  const held = toImport.filter((_, i) => (keys[i] ?? 0) > 0);
  const candidates = toImport.filter((_, i) => keys[i] === 0);
  const late: number[] = [];
  for (let begin = 0; begin < candidates.length; begin += CLOSED_TOGETHER) {
    const part = candidates.slice(begin, begin + CLOSED_TOGETHER);
    const written = new Set(await closeAndCount(pair, part, means));
    await setSlots(
      pair.donor,
      part.filter((slot) => !written.has(slot)),
      ['STABLE'],
      means,
    );
    await setSlots(pair.receiver, [...written], ['IMPORTING', pair.donor.id], means);
    late.push(...written);
  }
  return [...held, ...late].toSorted((a, b) => a - b);
}

/**
 * Closes slots at the receiver, and returns those in which a client has written until then. Counted in the same pipeline, before
 * and after: Redis from 8.4 on counts no key of a slot that it neither owns nor marks. Once more where the server did not close one at
 * once, which is Valkey's that waits for its replicas: it counts whatever it holds.
 */
async function closeAndCount(pair: Pair, slots: readonly number[], means: Means): Promise<readonly number[]> {
  const { receiver } = pair;
  const commands = slots.flatMap((slot): Command[] => {
    const count = ['CLUSTER', 'COUNTKEYSINSLOT', slot];
    return [count, ['CLUSTER', 'SETSLOT', slot, 'STABLE'], count];
  });
  const timeout = setSlotTimeout(slots.length);
  const answers = await receiver.main.send([...commands, KEYSPACE_QUESTION], { signal: STEADY, timeout });
  const keyspace = answers.at(-1);
  if (keyspace?.ok !== true) throw refusal(receiver.pod.name, KEYSPACE_QUESTION, keyspace?.error ?? 'nothing');
  const hasMore = databasesIn(keyspace.value, receiver.pod.name).some((database) => database !== 0);
  const isRefused = (_: number, i: number): boolean => answers[3 * i + 1]?.ok !== true;
  const refused = slots.filter(isRefused);
  await setSlots(receiver, refused, ['STABLE'], means);
  const counted = [
    ...[0, 2].map((at) => slots.map((_, i) => keysIn(answers[3 * i + at], receiver.main.pod))),
    ...(hasMore || refused.length > 0 ? [await countKeys(pair, receiver, slots)] : []),
  ];
  return slots.filter((_, i) => counted.some((keys) => (keys[i] ?? 0) > 0));
}
