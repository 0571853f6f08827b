import { type Arbitrary, array, boolean, constantFrom, integer, record } from 'fast-check';
import { type Cluster, type Member, ordinalOf, type Pod } from '../../../src/core/cluster.ts';
import { count, SLOT_COUNT, type SlotSet, slotSet } from '../../../src/core/slots.ts';
import type { Share, Topology } from '../../../src/core/topology.ts';
import { memberOf, NOTHING, podOf, volumeOf, workloadOf } from '../../support/cluster.ts';
import { placeOf, topologyOf } from '../../support/topology.ts';

/** A healthy cluster in any shape that people get clusters into, and any topology for it. */
export interface Situation {
  readonly topology: Topology;
  readonly cluster: Cluster;
  /** The Kubernetes node on which a pod that does not exist yet will run, by ordinal. */
  readonly nodeOf: (ordinal: number) => string;
}

/** Beside the shards. A follower replicates the pod dealt before it: an empty primary, a replica, or one of its own kind. */
type Spare = 'blank' | 'empty primary' | 'second replica' | 'follower';

interface Seed {
  readonly shards: number;
  readonly replicas: number;
  readonly spare: readonly Spare[];
  readonly cuts: readonly number[];
  readonly order: readonly number[];
  readonly nodes: readonly number[];
  readonly keys: readonly number[];
  /** By pod: at 0 a replica has not caught up. */
  readonly lag: readonly number[];
  readonly wanted: readonly number[];
  readonly wantedReplicas: number;
  /** So many of the shares are lists of slots. */
  readonly pinned: number;
  /** Whether the topology asks for just as many shards and replicas as there are. */
  readonly isSame: boolean;
  readonly firstOrdinal: number;
  readonly deletes: boolean;
}

const MOST_PODS = 24;

const seed: Arbitrary<Seed> = record({
  shards: integer({ min: 1, max: 5 }),
  replicas: integer({ min: 0, max: 2 }),
  spare: array(constantFrom('blank', 'empty primary', 'second replica', 'follower', 'follower'), { maxLength: 4 }),
  cuts: array(integer({ min: 1, max: SLOT_COUNT - 1 }), { minLength: 8, maxLength: 8 }),
  order: array(integer({ min: 0, max: 1_000 }), { minLength: MOST_PODS, maxLength: MOST_PODS }),
  nodes: array(integer({ min: 0, max: 3 }), { minLength: MOST_PODS, maxLength: MOST_PODS }),
  keys: array(integer({ min: 0, max: 100_000 }), { minLength: 5, maxLength: 5 }),
  lag: array(integer({ min: 0, max: 4 }), { minLength: MOST_PODS, maxLength: MOST_PODS }),
  wanted: array(integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 6 }),
  wantedReplicas: integer({ min: 0, max: 2 }),
  pinned: integer({ min: 0, max: 2 }),
  isSame: boolean(),
  firstOrdinal: integer({ min: 0, max: 2 }),
  deletes: boolean(),
});

export const situation: Arbitrary<Situation> = seed.map((from) => ({
  topology: topologyFrom(from),
  cluster: clusterOf(from),
  nodeOf: (n) => `node-${from.nodes[n % MOST_PODS] ?? 0}`,
}));

/** Any order of so many things, as the keys to sort them by. */
export const order: Arbitrary<readonly number[]> = array(integer(), { minLength: MOST_PODS, maxLength: MOST_PODS });

function topologyFrom(from: Seed): Topology {
  const wanted = from.isSame ? Array.from({ length: from.shards }, (_, i) => from.wanted[i] ?? 1) : from.wanted;
  return topologyOf(
    placeOf('cache', 'default'),
    { shards: wanted.length, replicas: from.isSame ? from.replicas : from.wantedReplicas },
    {
      shards: sharesOf(wanted, from),
      placement: { spreadBy: ['kubernetes.io/hostname', 'topology.kubernetes.io/zone'], whenUnsatisfiable: 'warn' },
      volumes: { onScaleDown: from.deletes ? 'delete' : 'retain' },
    },
  );
}

/** Weights; the first shares may be lists, each of a piece of slots of its own, with a share left for every other one. */
function sharesOf(wanted: readonly number[], { pinned, cuts }: Seed): readonly Share[] {
  const bounds = [...new Set(cuts.slice(0, 4))].toSorted((a, b) => a - b);
  return wanted.map((weight, i): Share => {
    const [first, end] = [bounds[2 * i], bounds[2 * i + 1]];
    const isPinned = i < Math.min(pinned, wanted.length - 1) && first !== undefined && end !== undefined;
    return isPinned ? { kind: 'slots', slots: [[first, end - 1]] } : { kind: 'weight', weight };
  });
}

/** Roles are dealt to the pods in a random order; slots are cut into pieces and dealt to the shards in turn. */
function clusterOf(from: Seed): Cluster {
  const size = from.shards * (1 + from.replicas) + from.spare.length;
  const ordinals = Array.from({ length: size }, (_, i) => from.firstOrdinal + i);
  const dealt = ordinals
    .toSorted((a, b) => (from.order[a] ?? 0) - (from.order[b] ?? 0) || a - b)
    .map((n) => `cache-${n}`);
  const members = dealt.map((_, i) => memberAt(i, dealt, from));
  return {
    ...NOTHING,
    workload: { ...workloadOf('cache', size), firstOrdinal: from.firstOrdinal },
    pods: ordinals.map((n) => podOn(n, `node-${from.nodes[n] ?? 0}`)),
    volumes: ordinals.map((n) => volumeOf('cache', n)),
    members: members.toSorted((x, y) => ordinalOf(x.pod) - ordinalOf(y.pod)),
  };
}

/** First the primaries, then their replicas, then what is spare. */
function memberAt(i: number, dealt: readonly string[], from: Seed): Member {
  const pod = dealt[i] ?? '';
  const shard = i % from.shards;
  const facts = { keys: from.keys[shard] ?? 0, dataset: (from.keys[shard] ?? 0) * 100 };
  if (i < from.shards) {
    const slots = slotsDealt(from)[shard] ?? [];
    return memberOf(pod, { slots, configEpoch: count(slots) }, facts);
  }
  const synced = from.lag[i] !== 0;
  const at = i - (dealt.length - from.spare.length);
  if (at < 0) return memberOf(pod, { role: 'replica', primary: dealt[shard] ?? null, synced }, facts);
  const spare = from.spare[at];
  switch (spare) {
    case 'second replica':
      return memberOf(pod, { role: 'replica', primary: dealt[0] ?? null, synced }, facts);
    case 'follower':
      // Nobody can follow a node that has not joined.
      return from.spare[at - 1] === 'blank'
        ? memberOf(pod)
        : memberOf(pod, { role: 'replica', primary: dealt[i - 1] ?? null, synced });
    case 'empty primary':
      return memberOf(pod);
    case 'blank':
    case undefined:
      break;
  }
  return memberOf(pod, { joined: false });
}

function slotsDealt({ shards, cuts }: Seed): readonly SlotSet[] {
  const bounds = [...new Set([0, ...Array.from({ length: shards }, (_, i) => i + 1), ...cuts, SLOT_COUNT])].toSorted(
    (a, b) => a - b,
  );
  const pieces = bounds.slice(1).map((end, i): [number, number] => [bounds[i] ?? 0, end - 1]);
  return Array.from({ length: shards }, (_, shard) => slotSet(pieces.filter((__, i) => i % shards === shard)));
}

export function podOn(n: number, node: string): Pod {
  const zone = `zone-${Number(node.slice(-1)) % 2}`;
  return podOf('cache', n, {
    node,
    domains: { 'kubernetes.io/hostname': node, 'topology.kubernetes.io/zone': zone },
  });
}
