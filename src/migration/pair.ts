import { type Cluster, type Member, memberOf, type Pod, replicasOf } from '../core/cluster.ts';
import { Failure } from '../core/failure.ts';
import { allEnded } from '../core/in-parallel.ts';
import { meaningOf } from '../core/server-errors.ts';
import type { StepContext } from '../ports/context.ts';
import type { Connection, Redis } from '../ports/redis.ts';
import { answerTo } from '../servers/ask.ts';
import { viewOf } from '../servers/views.ts';
import { type Address, portForMigrate } from './address.ts';
import { inLine } from './in-line.ts';

/** One side of a move, with connections of the move's own: MIGRATE blocks the one that it is sent on. */
export interface Side {
  readonly pod: Pod;
  readonly id: string;
  /**
   * The ids of all nodes of its shard as seen before the move, its own among them: marks name a primary by its id, and one that
   * died stays a failed primary in everybody's view, of whom nobody says any more which shard it led.
   */
  readonly shard: ReadonlySet<string>;
  readonly software: 'redis' | 'valkey';
  /** SETSLOT is answered when the replicas have it, too (Valkey from 8.0 on). */
  readonly waitsForReplicas: boolean;
  readonly main: Connection;
  /** SETSLOT is spread over these: the main one alone, unless more were opened. */
  readonly forSetSlot: readonly Connection[];
}

/** Who gives slots to whom. */
export interface Pair extends AsyncDisposable {
  readonly donor: Side;
  readonly receiver: Side;
  /** The receiver's address as the donor knows it: MIGRATE connects from there. */
  readonly address: Address;
  /** Bytes that one key of the donor takes on average. */
  readonly averageKey: number;
  readonly open: Redis['open'];
}

export async function openPair(
  donor: { pod: Pod; member: Member },
  receiver: { pod: Pod; member: Member },
  context: Pick<StepContext, 'redis' | 'stop' | 'cluster'>,
): Promise<Pair> {
  await using opened = new AsyncDisposableStack();
  const openSide = async (party: { pod: Pod; member: Member }): Promise<Side> => {
    const main = inLine(opened.use(await context.redis.open(party.pod, { signal: context.stop })));
    const view = await viewOf(main, { signal: context.stop });
    const shard = new Set([view.me.id, ...idsOfShard(party.member, context.cluster)]);
    const { software } = party.member.facts;
    const waitsForReplicas = await waits(main, context.stop);
    return { pod: party.pod, id: view.me.id, shard, software, waitsForReplicas, main, forSetSlot: [main] };
  };
  const [from, to] = await allEnded([openSide(donor), openSide(receiver)]);
  const address = await addressOf(to, from, context);
  const { keys, dataset } = donor.member.facts;
  const connections = opened.move();
  return {
    donor: from,
    receiver: to,
    address,
    averageKey: keys === 0 ? 0 : dataset / keys,
    open: (pod, options) => context.redis.open(pod, options),
    [Symbol.asyncDispose]: () => connections.disposeAsync(),
  };
}

const NOBODY = '0'.repeat(40);

/**
 * Whether SETSLOT waits for replicas: it takes a TIMEOUT then, and the server looks for the node that is named, while all others
 * refuse that many words. What another answer means is not known, so it counts as waiting: that is the careful way.
 */
async function waits(connection: Connection, signal: AbortSignal): Promise<boolean> {
  const answer = await answerTo(connection, ['CLUSTER', 'SETSLOT', 0, 'NODE', NOBODY, 'TIMEOUT', 1], { signal });
  return answer.ok || meaningOf(answer.error) !== 'wrong-words';
}

/** A primary or one of its replicas, as they were. */
function idsOfShard(member: Member, cluster: Cluster): readonly string[] {
  const primary = memberOf(cluster, member.primary ?? member.pod) ?? member;
  return [primary, ...replicasOf(cluster, primary.pod)].map(({ id }) => id);
}

/**
 * Valkey answers SETSLOT only when the replicas have it, and that client waits alone: 16 connections take 2 s for what
 * takes 28 s on one.
 */
const VALKEY_CONNECTIONS = 16;

/** The same pair with all connections that SETSLOT wants, which are closed when this one is disposed. */
export async function openForSetSlot(pair: Pair, options: { signal: AbortSignal }): Promise<Pair> {
  await using opened = new AsyncDisposableStack();
  const widen = async (side: Side): Promise<Side> => {
    if (!side.waitsForReplicas) return side;
    const open = async () => opened.use(await pair.open(side.pod, options));
    return { ...side, forSetSlot: await allEnded(Array.from({ length: VALKEY_CONNECTIONS }, open)) };
  };
  const [donor, receiver] = await allEnded([widen(pair.donor), widen(pair.receiver)]);
  const connections = opened.move();
  return { ...pair, donor, receiver, [Symbol.asyncDispose]: () => connections.disposeAsync() };
}

async function addressOf(receiver: Side, donor: Side, context: Pick<StepContext, 'stop'>): Promise<Pair['address']> {
  const known = (await viewOf(donor.main, { signal: context.stop })).nodes.get(receiver.id);
  if (known !== undefined && known.ip !== '') {
    const port = await portForMigrate({ donor: donor.main, receiver: receiver.main, known: known.port }, context.stop);
    return { host: known.ip, port };
  }
  throw new Failure(
    'changed-meanwhile',
    `Cannot move slots: ${donor.pod.name} does not know ${receiver.pod.name} (node ${receiver.id}), so it cannot send it keys.`,
    { remedy: 'Run apply again: the pod is joined first.' },
  );
}
