import { type Member, memberOf, type Pod, podOf, replicasOf } from '../core/cluster.ts';
import { Failure } from '../core/failure.ts';
import { allEnded } from '../core/in-parallel.ts';
import type { StepContext } from '../ports/context.ts';
import { STEADY } from '../servers/ask.ts';
import { withPodsNow } from '../servers/pods-now.ts';
import { viewOf } from '../servers/views.ts';
import { isUnreached } from './losses.ts';
import type { Move } from './progress.ts';

/** One end of a move. */
export interface Party {
  readonly pod: Pod;
  readonly member: Member;
}

export interface Parties {
  readonly donor: Party;
  readonly receiver: Party;
}

/** Donor and receiver as planned. Throws `changed-meanwhile` where a pod is gone. */
export function plannedParties(move: Pick<Move, 'from' | 'to'>, context: Pick<StepContext, 'cluster'>): Parties {
  return { donor: partyOf(move.from, context), receiver: partyOf(move.to, context) };
}

/**
 * The primaries of the two shards by their own word now: one of them, or the replica that has taken over from it.
 * Pods are looked for where Kubernetes has them now.
 * Throws `redis-unreachable` while a shard has none that answers.
 */
export async function partiesNow(move: Pick<Move, 'from' | 'to'>, context: StepContext): Promise<Parties> {
  const now = { ...context, cluster: await withPodsNow(context) };
  const [donor, receiver] = await Promise.all([primaryNow(move.from, now), primaryNow(move.to, now)]);
  return { donor, receiver };
}

export function partyOf(name: string, context: Pick<StepContext, 'cluster'>): Party {
  const pod = podOf(context.cluster, name);
  const member = memberOf(context.cluster, name);
  if (pod !== undefined && member !== undefined) return { pod, member };
  throw new Failure('changed-meanwhile', `Cannot move slots: pod ${name} is not there, or its Redis does not answer.`, {
    remedy: 'Look at the pod, then run apply again.',
  });
}

/**
 * Milliseconds. A pod that is gone does not even refuse a connection, while what the shard's new primary does not know is hidden from
 * clients: so who took over, by an epoch that nobody had before, is waited for no longer than this, and those that do not
 * answer no longer than that once another one has.
 */
const AFTER_HEIR = 300;
const AFTER_FIRST = 2_000;
const EVERY = 20;

/**
 * Of two that say so the one of the newer epoch: the other has not heard yet that it was replaced. A donor that gave its
 * last slot away turns replica of the receiver by itself: it is the one that was meant, still.
 */
async function primaryNow(name: string, context: StepContext): Promise<Party> {
  const shard = [name, ...replicasOf(context.cluster, name).map(({ pod }) => pod)].map((pod) => partyOf(pod, context));
  const answers = await answersOf(shard, context);
  const [newest] = answers.filter(({ isPrimary }) => isPrimary).toSorted((a, b) => b.epoch - a.epoch);
  const meant = answers.find(({ party }) => party.pod.name === name);
  const found = newest ?? meant;
  if (found !== undefined) return found.party;
  const names = shard.map(({ pod }) => pod.name).join(', ');
  throw new Failure('redis-unreachable', `The shard of ${name} has no primary that answers: ${names} were asked.`, {
    remedy: 'Look at these pods, then run apply again.',
  });
}

/** Of all that answer, or of those that do while the others can be waited for. */
async function answersOf(shard: readonly Party[], context: StepContext): Promise<readonly Asked[]> {
  const { clock } = context;
  const known = Math.max(...shard.map(({ member }) => member.configEpoch));
  const answers: Asked[] = [];
  const over = new AbortController();
  let [firstAt, heirAt] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  const all = allEnded(
    shard.map(async (party) => {
      const answer = await askRole(party, context);
      if (answer === null) return;
      answers.push(answer);
      firstAt = Math.min(firstAt, clock.now());
      if (answer.isPrimary && answer.epoch > known) heirAt = Math.min(heirAt, clock.now());
    }),
  ).finally(() => over.abort());
  const enough = async (): Promise<void> => {
    while (!over.signal.aborted && clock.now() - firstAt < AFTER_FIRST && clock.now() - heirAt < AFTER_HEIR) {
      await clock.sleep(EVERY, { signal: STEADY });
    }
  };
  await Promise.race([all, enough()]);
  return [...answers];
}

interface Asked {
  readonly party: Party;
  readonly epoch: number;
  readonly isPrimary: boolean;
}

async function askRole(party: Party, context: Pick<StepContext, 'redis'>): Promise<Asked | null> {
  try {
    await using connection = await context.redis.open(party.pod, { signal: STEADY });
    const { me } = await viewOf(connection, { signal: STEADY });
    return { party, epoch: me.configEpoch, isPrimary: me.role === 'primary' };
  } catch (thrown) {
    if (isUnreached(thrown)) return null;
    throw thrown;
  }
}
