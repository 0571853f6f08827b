import { type Arbitrary, array, boolean, constantFrom, integer, record } from 'fast-check';
import {
  type Cluster,
  type Member,
  ordinalOf,
  type Pod,
  type Stranger,
  slotOwners,
  withMember,
} from '../../../src/core/cluster.ts';
import { slotFindings } from '../../../src/core/slot-findings.ts';
import { count, minus, SLOT_COUNT, type SlotSet, slotSet, union } from '../../../src/core/slots.ts';
import { strangerFindings } from '../../../src/core/stranger-findings.ts';
import type { Share, Topology } from '../../../src/core/topology.ts';
import { memberOf, NOTHING, podOf, volumeOf, workloadOf } from '../../support/cluster.ts';
import { placeOf, topologyOf } from '../../support/topology.ts';

/** A cluster in any shape that people get clusters into, with nodes that others left behind, and any topology for it. */
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
  readonly strangers: readonly ('failed' | 'nowhere')[];
  readonly wreck: Wreck;
}

/** What was left of the first slot of the first owner by somebody else. */
type Wreck =
  | 'nothing'
  | 'open on both sides'
  | 'open at its owner'
  | 'awaited by another'
  | 'owned twice'
  | 'owned by nobody';

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
  strangers: array(constantFrom('failed', 'nowhere'), { maxLength: 2 }),
  wreck: constantFrom(
    'nothing',
    'nothing',
    'open on both sides',
    'open at its owner',
    'awaited by another',
    'owned twice',
    'owned by nobody',
  ),
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
  const strangers = from.strangers.map((state, i) => strangerOf(state, i, members));
  const whole = {
    ...NOTHING,
    workload: { ...workloadOf('cache', size), firstOrdinal: from.firstOrdinal },
    pods: ordinals.map((n) => podOn(n, `node-${from.nodes[n] ?? 0}`)),
    volumes: ordinals.map((n) => volumeOf('cache', n)),
    members: members.toSorted((x, y) => ordinalOf(x.pod) - ordinalOf(y.pod)),
    strangers,
  };
  const cluster = wrecked(whole, from.wreck);
  return { ...cluster, findings: [...strangerFindings(cluster), ...slotFindings(cluster)] };
}

function wrecked(cluster: Cluster, wreck: Wreck): Cluster {
  const [owner, other] = slotOwners(cluster);
  const slot = owner?.slots[0]?.[0];
  if (owner === undefined || other === undefined || slot === undefined) return cluster;
  const migrating = { open: [{ slot, state: 'migrating', peer: other.pod }] } as const;
  const importing = { open: [{ slot, state: 'importing', peer: owner.pod }] } as const;
  switch (wreck) {
    case 'nothing':
      return cluster;
    case 'open on both sides':
      return withMember(withMember(cluster, owner.pod, migrating), other.pod, importing);
    case 'open at its owner':
      return withMember(cluster, owner.pod, migrating);
    case 'awaited by another':
      return withMember(cluster, other.pod, importing);
    case 'owned twice':
      return withMember(cluster, other.pod, { slots: union(other.slots, [[slot, slot]]) });
    case 'owned by nobody':
      return withMember(cluster, owner.pod, { slots: minus(owner.slots, [[slot, slot]]) });
  }
}

/** What is left when somebody scales the last pods away by hand: their volumes are kept, and the others may have forgotten them. */
export function withoutLast(cluster: Cluster, pods: number, isForgotten: boolean): Cluster {
  const left = cluster.pods.slice(0, Math.max(1, cluster.pods.length - pods));
  const names = new Set(left.map((pod) => pod.name));
  const isLeft = ({ pod }: Member): boolean => names.has(pod);
  const members = cluster.members.filter(isLeft).map(
    (member): Member => ({
      ...member,
      primary: member.primary !== null && names.has(member.primary) ? member.primary : null,
      open: (member.open ?? []).map((mark) => ({ ...mark, peer: names.has(mark.peer ?? '') ? mark.peer : null })),
    }),
  );
  const gone = cluster.members.filter((member) => member.joined && !isLeft(member));
  const strangers = [
    ...cluster.strangers,
    ...gone
      .map(({ pod, id, role, slots, facts }) => ({
        id,
        address: facts.address,
        role,
        slots,
        failed: true,
        knownBy: [...names],
        followers: cluster.members.filter((member) => isLeft(member) && member.primary === pod).map((one) => one.pod),
      }))
      // Nobody forgets whom it replicates.
      .filter(({ followers }) => !isForgotten || followers.length > 0),
  ];
  const workload = cluster.workload === null ? null : { ...cluster.workload, replicas: left.length };
  const after = { ...cluster, workload, pods: left, members, strangers };
  return { ...after, findings: [...strangerFindings(after), ...slotFindings(after)] };
}

/** A node that no pod is any more and nobody needs: its pod lost its volume, or was reset. */
function strangerOf(state: 'failed' | 'nowhere', i: number, members: readonly Member[]): Stranger {
  return {
    id: `${i}`.padStart(40, 'f'),
    address: state === 'nowhere' ? ':0@0' : '10.9.9.9:6379@16379',
    role: 'replica',
    slots: [],
    failed: state === 'failed',
    knownBy: members.filter((member) => member.joined).map((member) => member.pod),
    followers: [],
    ...(state === 'nowhere' ? { nowhere: true } : {}),
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
