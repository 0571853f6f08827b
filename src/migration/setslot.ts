import { Failure } from '../core/failure.ts';
import { allEnded } from '../core/in-parallel.ts';
import { meaningOf, type ServerError } from '../core/server-errors.ts';
import { print, slotsOfNumbers } from '../core/slots.ts';
import type { Clock } from '../ports/clock.ts';
import type { Answer, Command, Connection } from '../ports/redis.ts';
import { refusal, STEADY } from '../servers/ask.ts';
import type { Pace } from './pace.ts';
import type { Side } from './pair.ts';
import { setByScript } from './setslot-script.ts';

const TRIES = 5;
/** Keys that an import has left are thrown away a few at a time, beside what clients do: some 100,000 in a second. */
const TRIES_WHILE_TRIMMING = 24;
/** The time from a failover to the other primaries' hearing of it is that of one message. */
const TRIES_AFTER_FAILOVER = 10;
const ONE_BY_ONE = { openTogether: 1, quickTogether: 1, rest: 0 } as const;

interface How {
  readonly clock: Clock;
  readonly tolerated?: readonly ServerError[];
  readonly afterFailover?: boolean;
}

/** A server on which slots are set. */
export type Settable = Pick<Side, 'pod' | 'waitsForReplicas' | 'forSetSlot'>;

/**
 * Sets slots, as many together as the pace allows, and returns when the server has done it: by a script where that is possible,
 * else by one `CLUSTER SETSLOT` each, spread over the side's connections.
 * NOREPLICAS (Valkey: the replicas did not answer in 2 s, and the primary did not do it either) is tried again, and so is a slot of which
 * the server still throws away what a job has left. Never in
 * MULTI: that crashes a Valkey primary that has a replica.
 * @param words what follows the slot: ['IMPORTING', id]
 * @param how.tolerated errors after which the slot is as wanted anyhow; what they hide is found when states are verified
 * @param how.afterFailover the node named may be a primary since a moment ago: the side is given time to hear of it
 */
export async function setSlots(
  side: Settable,
  slots: readonly number[],
  words: readonly string[],
  how: How & { readonly pace?: Pace },
): Promise<void> {
  for (let begin = 0; begin < slots.length; ) {
    const { openTogether, quickTogether, rest } = how.pace?.stride() ?? ONE_BY_ONE;
    const size = side.waitsForReplicas ? openTogether : quickTogether;
    await setTogether(side, slots.slice(begin, begin + size), words, how);
    begin += size;
    if (rest > 0) await how.clock.sleep(rest, { signal: STEADY });
  }
}

async function setTogether(
  side: Settable,
  slots: readonly number[],
  words: readonly string[],
  { clock, tolerated = [], afterFailover = false }: How,
): Promise<void> {
  let left = await setMost(side, slots, words);
  for (let tries = 1; left.length > 0; tries += 1) {
    const answers = await spread(
      side.forSetSlot,
      left.map((slot): Command => ['CLUSTER', 'SETSLOT', slot, ...words]),
    );
    const silent: number[] = [];
    const passing: number[] = [];
    for (const [i, slot] of left.entries()) {
      const answer = answers[i];
      if (answer === undefined || answer.ok) continue;
      const meaning = meaningOf(answer.error);
      if (tolerated.includes(meaning)) continue;
      const isUnheard = meaning === 'target-no-primary' && afterFailover && tries < TRIES_AFTER_FAILOVER;
      const passes = isUnheard || (meaning === 'trim-pending' && tries < TRIES_WHILE_TRIMMING);
      if (meaning === 'no-replicas') silent.push(slot);
      else if (passes) passing.push(slot);
      else throw refused(side, slot, words, answer.error);
    }
    if (silent.length > 0 && tries >= TRIES) throw replicasSilent(side, silent);
    left = [...silent, ...passing];
    if (left.length > 0) await clock.sleep(200 * tries, { signal: STEADY });
  }
}

/**
 * Returns the slots that are left. The last is never given away in a script: a donor that has none after it turns replica of the
 * receiver in the midst of the command, which drops its clients.
 */
async function setMost(
  side: Settable,
  slots: readonly number[],
  [state = '', node = '']: readonly string[],
): Promise<readonly number[]> {
  const rest = state === 'NODE' ? slots.slice(-1) : [];
  const most = slots.slice(0, slots.length - rest.length);
  const left = await setByScript(
    side,
    node,
    most.map((slot) => [slot, state]),
  );
  return [...left, ...rest];
}

/** Milliseconds. On Valkey each may wait 2 s for replicas, one after another. */
export function setSlotTimeout(slots: number): number {
  return 15_000 + slots * 2_000;
}

async function spread(connections: readonly Connection[], commands: readonly Command[]): Promise<readonly Answer[]> {
  const size = Math.ceil(commands.length / connections.length);
  const parts = connections.map((connection, i) => {
    const part = commands.slice(i * size, (i + 1) * size);
    return connection.send(part, { signal: STEADY, timeout: setSlotTimeout(part.length) });
  });
  return (await allEnded(parts)).flat();
}

/** What a server's refusal of SETSLOT means. */
export function refused(side: Pick<Side, 'pod'>, slot: number, words: readonly string[], error: string): Failure {
  const cause = refusal(side.pod.name, ['CLUSTER', 'SETSLOT', slot], error);
  if (cause.code !== 'redis-error') return cause;
  const remedy =
    meaningOf(error) === 'unknown-command'
      ? cause.remedy
      : 'Run apply again: it looks at the slot anew and goes on from there.';
  return new Failure(
    'migration-failed',
    `Cannot set slot ${slot} to ${words[0] ?? ''} on ${side.pod.name}: the server says "${error}".`,
    { remedy, cause },
  );
}

function replicasSilent(side: Pick<Side, 'pod'>, slots: readonly number[]): Failure {
  return new Failure(
    'migration-failed',
    `Cannot change slots ${print(slotsOfNumbers(slots))} on ${side.pod.name}: its replicas did not confirm in ${TRIES} tries (NOREPLICAS), and Valkey changes no slot that its replicas do not know of.`,
    { remedy: 'Look at the replicas of that pod (status shows their link), then run apply again.' },
  );
}
