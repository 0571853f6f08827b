import { type AtomicCommand, wayBetween } from '../core/capabilities.ts';
import type { Member } from '../core/cluster.ts';
import { Failure } from '../core/failure.ts';
import { isEmpty } from '../core/slots.ts';
import type { StepContext } from '../ports/context.ts';
import { STEADY } from '../servers/ask.ts';
import { until } from '../servers/until.ts';
import { viewOf } from '../servers/views.ts';
import { atomicMover } from './atomic.ts';
import { waitForOthers } from './atomic-piece.ts';
import { moveClassic } from './classic.ts';
import { copyFunctions } from './functions.ts';
import type { Jobs } from './jobs.ts';
import { redisJobs } from './jobs-redis.ts';
import { valkeyJobs } from './jobs-valkey.ts';
import { followLatency, type Latency } from './latency.ts';
import type { Mover } from './mover.ts';
import { paced } from './paced.ts';
import type { Pair } from './pair.ts';
import { type Turns, turnsOf } from './turns.ts';

const JOBS: Readonly<Record<AtomicCommand, Jobs>> = { MIGRATESLOTS: valkeyJobs, MIGRATION: redisJobs };

/**
 * The way in which one donor gives slots to one receiver: what `migration.method` says, and with `auto` the best that both
 * servers know.
 * Throws `atomic-unsupported` where the topology asks for a way that the two do not have.
 */
export function chooseMover(donor: Member, receiver: Member, context: StepContext): Mover {
  const { method, maxLatency } = context.topology.migration;
  const turns = turnsOf(context.redis);
  const plain = inTurn(paced(moveClassic, context), turns);
  const keyByKey = withFunctions(plain, context);
  const way = wayBetween(donor, receiver);
  if (method === 'classic') return way.kind === 'atomic' ? afterJobs(JOBS[way.command], keyByKey) : keyByKey;
  if (way.kind === 'atomic') {
    const jobs = JOBS[way.command];
    const watch = (pair: Pair): Promise<Latency> => followLatency(pair, context, { tells: false });
    const other = method === 'auto' ? plain : null;
    if (way.command === 'MIGRATESLOTS')
      return withFunctions(atomicMover({ jobs, turns, maxLatency, watch, keyByKey: other }), context);
    return atomicMover({ jobs, turns, maxLatency, watch, keyByKey: other === null ? null : keyByKey });
  }
  if (method === 'atomic') throw unsupported(donor.pod, receiver.pod, way.because);
  const text = `Slots go from ${donor.pod} to ${receiver.pod} key by key: ${way.because}.`;
  context.tell({ kind: 'note', text });
  return keyByKey;
}

/** A run with another `migration.method` may have left a job: servers let no slot of it be opened until it has ended. */
function afterJobs(jobs: Jobs, mover: Mover): Mover {
  return async (pair, work) => {
    const { context, progress } = work;
    const stillAtIt = (): void => progress.movedKeys(0);
    const lacking = await waitForOthers(work.slots, { pair, jobs, context, begun: work.begun, stillAtIt });
    if (lacking !== null) context.tell({ kind: 'note', text: jobsUnseen(pair, jobs) });
    await mover(pair, work);
  };
}

function jobsUnseen(pair: Pair, { command, told }: Jobs): string {
  return `Whether ${pair[told].pod.name} is at work on a ${command} cannot be seen, for want of the rights for it (README, "Rights in Redis") or of an answer that makes sense; if it is, it opens no slot.`;
}

/** `migration.method: atomic` where one of the two cannot. */
function unsupported(donor: string, receiver: string, because: string): Failure {
  return new Failure(
    'atomic-unsupported',
    `Cannot move slots from ${donor} to ${receiver} with \`migration.method: atomic\`: ${because}.`,
    { remedy: 'Set `migration.method: auto`, which moves key by key where it has to, or update the servers.' },
  );
}

/** Nodes with open slots begin no job: so moves that open slots and moves by jobs take turns. */
function inTurn(mover: Mover, turns: Turns): Mover {
  return async (pair, work) => {
    const use = new Map([pair.donor, pair.receiver].map(({ id }) => [id, 'marks'] as const));
    await turns.during(use, work.context.stop, () => mover(pair, work));
  };
}

/**
 * MIGRATE and Valkey's jobs send the keys alone; Redis' jobs send the functions, too. A new shard has got them when it joined,
 * unless it took no writes then.
 */
function withFunctions(mover: Mover, context: StepContext): Mover {
  return async (pair, work) => {
    try {
      await untilCopied(pair, context);
    } catch (thrown) {
      if (!(thrown instanceof Failure) || thrown.code !== 'redis-permission') throw thrown;
      context.tell({ kind: 'note', text: `Functions are not copied to ${pair.receiver.pod.name}. ${thrown.message}` });
    }
    await mover(pair, work);
  };
}

/** Replicas that have just come count as such after a second or two. */
async function untilCopied({ donor, receiver }: Pair, context: StepContext): Promise<void> {
  const wait = {
    for: `${receiver.pod.name} to take functions`,
    seconds: 15,
    remedy: 'Look at its replicas: `min-replicas-to-write` asks for more than are in step. Then run apply again.',
  };
  // As it is now: it may have taken over since the step began, or have served clients since connections were lost.
  const { me } = await viewOf(receiver.main, { signal: STEADY });
  const keep = isEmpty(me.slots) ? 'donor' : 'receiver';
  await until(context, wait, async () => {
    const copied = await copyFunctions({ from: donor.pod, to: receiver.pod, keep }, context);
    if (copied === 'done') return { done: true, value: undefined };
    return { done: false, seen: 'NOREPLICAS' };
  });
}
