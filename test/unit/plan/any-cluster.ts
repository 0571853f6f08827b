import { type Arbitrary, array, boolean, constantFrom, integer, record } from 'fast-check';
import type { Cluster, Member, Pod } from '../../../src/core/cluster.ts';
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

interface Seed {
  readonly shards: number;
  readonly replicas: number;
  readonly spare: readonly ('blank' | 'empty primary' | 'second replica')[];
  readonly cuts: readonly number[];
  readonly order: readonly number[];
  readonly nodes: readonly number[];
  readonly keys: readonly number[];
  /** By pod: at 0 a replica has not caught up. */
  readonly lag: readonly number[];
  readonly wanted: readonly number[];
  readonly wantedReplicas: number;
  readonly deletes: boolean;
}

const MOST_PODS = 24;

const seed: Arbitrary<Seed> = record({
  shards: integer({ min: 1, max: 5 }),
  replicas: integer({ min: 0, max: 2 }),
  spare: array(constantFrom('blank', 'empty primary', 'second replica'), { maxLength: 2 }),
  cuts: array(integer({ min: 1, max: SLOT_COUNT - 1 }), { minLength: 8, maxLength: 8 }),
  order: array(integer({ min: 0, max: 1_000 }), { minLength: MOST_PODS, maxLength: MOST_PODS }),
  nodes: array(integer({ min: 0, max: 3 }), { minLength: MOST_PODS, maxLength: MOST_PODS }),
  keys: array(integer({ min: 0, max: 100_000 }), { minLength: 5, maxLength: 5 }),
  lag: array(integer({ min: 0, max: 4 }), { minLength: MOST_PODS, maxLength: MOST_PODS }),
  wanted: array(integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 6 }),
  wantedReplicas: integer({ min: 0, max: 2 }),
  deletes: boolean(),
});

export const situation: Arbitrary<Situation> = seed.map((from) => ({
  topology: topologyFrom(from),
  cluster: clusterOf(from),
  nodeOf: (n) => `node-${from.nodes[n % MOST_PODS] ?? 0}`,
}));

function topologyFrom({ wanted, wantedReplicas, deletes }: Seed): Topology {
  return topologyOf(
    placeOf('cache', 'default'),
    { shards: wanted.length, replicas: wantedReplicas },
    {
      shards: wanted.map((weight): Share => ({ kind: 'weight', weight })),
      volumes: { onScaleDown: deletes ? 'delete' : 'retain' },
    },
  );
}

/** Roles are dealt to the pods in a random order; slots are cut into pieces and dealt to the shards in turn. */
function clusterOf(from: Seed): Cluster {
  const size = from.shards * (1 + from.replicas) + from.spare.length;
  const ordinals = Array.from({ length: size }, (_, i) => i);
  const dealt = ordinals
    .toSorted((a, b) => (from.order[a] ?? 0) - (from.order[b] ?? 0) || a - b)
    .map((n) => `cache-${n}`);
  const primaries = dealt.slice(0, from.shards);
  const slotsOf = slotsDealt(from);
  const members = dealt.map((pod, i): Member => {
    const shard = i % from.shards;
    const primary = primaries[shard] ?? '';
    const slots = slotsOf[shard] ?? [];
    const facts = { keys: from.keys[shard] ?? 0, dataset: (from.keys[shard] ?? 0) * 100 };
    if (i < from.shards) return memberOf(pod, { slots, configEpoch: count(slots) }, facts);
    const synced = from.lag[i] !== 0;
    if (i < size - from.spare.length) return memberOf(pod, { role: 'replica', primary, synced }, facts);
    const spare = from.spare[size - 1 - i];
    if (spare === 'second replica') {
      return memberOf(pod, { role: 'replica', primary: primaries[0] ?? '', synced }, facts);
    }
    return memberOf(pod, { joined: spare !== 'blank' });
  });
  return {
    ...NOTHING,
    workload: workloadOf('cache', size),
    pods: ordinals.map((n) => podOn(n, `node-${from.nodes[n] ?? 0}`)),
    volumes: ordinals.map((n) => volumeOf('cache', n)),
    members: members.toSorted((x, y) => ordinal(x.pod) - ordinal(y.pod)),
  };
}

function slotsDealt({ shards, cuts }: Seed): readonly SlotSet[] {
  const bounds = [...new Set([0, ...Array.from({ length: shards }, (_, i) => i + 1), ...cuts, SLOT_COUNT])].toSorted(
    (a, b) => a - b,
  );
  const pieces = bounds.slice(1).map((end, i): [number, number] => [bounds[i] ?? 0, end - 1]);
  return Array.from({ length: shards }, (_, shard) => slotSet(pieces.filter((__, i) => i % shards === shard)));
}

export function podOn(n: number, node: string): Pod {
  return podOf('cache', n, { node, domains: { 'kubernetes.io/hostname': node } });
}

function ordinal(pod: string): number {
  return Number(pod.slice('cache-'.length));
}
