import { type Member, memberOf, type Pod, podOf, replicasOf } from '../core/cluster.ts';
import { Failure } from '../core/failure.ts';
import { STEADY } from '../ports/ask.ts';
import type { StepContext } from '../ports/context.ts';
import { withPodsNow } from '../ports/pods-now.ts';
import { viewOf } from '../ports/views.ts';
import { isUnreached } from './losses.ts';
import type { Move } from './mover.ts';

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
 * Of two that say so the one of the newer epoch: the other has not heard yet that it was replaced. A donor that gave its
 * last slot away turns replica of the receiver by itself: it is the one that was meant, still.
 */
async function primaryNow(name: string, context: StepContext): Promise<Party> {
  const shard = [name, ...replicasOf(context.cluster, name).map(({ pod }) => pod)];
  const asked = await Promise.all(shard.map((pod) => askRole(partyOf(pod, context), context)));
  const answers = asked.filter((answer) => answer !== null);
  const [newest] = answers.filter(({ isPrimary }) => isPrimary).toSorted((a, b) => b.epoch - a.epoch);
  const meant = answers.find(({ party }) => party.pod.name === name);
  const found = newest ?? meant;
  if (found !== undefined) return found.party;
  throw new Failure(
    'redis-unreachable',
    `The shard of ${name} has no primary that answers: ${shard.join(', ')} were asked.`,
    { remedy: 'Look at these pods, then run apply again.' },
  );
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
