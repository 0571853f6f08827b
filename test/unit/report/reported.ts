import type { Cluster, Member, Pod } from '../../../src/core/cluster.ts';
import { count, type SlotSet } from '../../../src/core/slots.ts';
import type { Topology } from '../../../src/core/topology.ts';
import { missingAllow } from '../../../src/plan/dangers.ts';
import { estimate } from '../../../src/plan/estimate.ts';
import { makePlan } from '../../../src/plan/make-plan.ts';
import type { Plan } from '../../../src/plan/plan.ts';
import type { CommentState } from '../../../src/report/comment.ts';
import type { CommentContext } from '../../../src/report/footer.ts';
import { volumeOf as anyVolume, manifestsOf, memberOf, NOTHING, podOf, workloadOf } from '../../support/cluster.ts';
import { topologyOf as anyTopology, placeOf } from '../../support/topology.ts';

/** Values for the tests of texts: a cluster as people have it, plans for it, and every state of a comment about them. */

export const CONTEXT: CommentContext = {
  cluster: 'sessions',
  file: 'clusters/sessions/topology.yaml',
  runUrl: 'https://github.com/acme/cache/actions/runs/4711',
  commit: '3f2a9c1d5e6b7a8f90123456789abcdef0123456',
};

export interface Shape {
  readonly shards: number;
  readonly replicas: number;
  readonly slots?: readonly SlotSet[];
  /** Ordinal → Kubernetes node; default: spread over three nodes so that no shard is on one. */
  readonly nodeOf?: (ordinal: number) => string;
  readonly keysPerSlot?: number;
  readonly manifests?: boolean;
}

const NAME = 'redis-cluster';

export function topologyOf(shards: number, more: Partial<Topology> = {}): Topology {
  const shape = { shards, replicas: 1 };
  return anyTopology({ ...placeOf(NAME), manifests: 'manifests/' }, shape, {
    name: 'sessions',
    file: 'clusters/sessions/topology.yaml',
    placement: { spreadBy: ['kubernetes.io/hostname', 'topology.kubernetes.io/zone'], whenUnsatisfiable: 'warn' },
    ...more,
  });
}

/** A healthy cluster: primaries have the low ordinals, replicas follow round by round. */
export function clusterOf({ shards, replicas, slots, nodeOf, keysPerSlot = 61, manifests = false }: Shape): Cluster {
  const size = shards * (1 + replicas);
  const node = nodeOf ?? ((n: number) => `node-${((n % shards) + Math.floor(n / shards)) % 3}`);
  const owned = slots ?? evenly(shards);
  const members = Array.from({ length: size }, (_, n): Member => {
    const shard = n % shards;
    const own = owned[shard] ?? [];
    const keys = count(own) * keysPerSlot;
    const role = n < shards ? { slots: own } : { role: 'replica' as const, primary: `${NAME}-${shard}` };
    return memberOf(
      `${NAME}-${n}`,
      { id: n.toString(16).padStart(40, 'a'), configEpoch: n + 1, ...role },
      {
        address: `10.244.${n % 3}.${n}:6379@16379`,
        keys,
        memory: 3_000_000 + keys * 124,
        dataset: keys * 124,
        maxMemory: 256_000_000,
      },
    );
  });
  return {
    ...NOTHING,
    workload: workloadOf(NAME, size),
    pods: Array.from({ length: size }, (_, n) => podOn(n, node(n))),
    volumes: Array.from({ length: size }, (_, n) => volumeOf(n)),
    members,
    manifests: manifests ? MANIFESTS : null,
  };
}

/** Nothing there yet but the files. */
export function nothing(): Cluster {
  return { ...NOTHING, manifests: MANIFESTS };
}

export function volumeOf(ordinal: number): Cluster['volumes'][number] {
  return anyVolume(NAME, ordinal);
}

const MANIFESTS = manifestsOf(NAME);

function podOn(ordinal: number, node: string): Pod {
  return podOf(NAME, ordinal, {
    ip: `10.244.${ordinal % 3}.${ordinal}`,
    node,
    domains: {
      'kubernetes.io/hostname': node,
      'topology.kubernetes.io/zone': `zone-${'abc'[Number(node.slice(-1)) % 3]}`,
    },
    memoryLimit: 512_000_000,
  });
}

function evenly(shards: number): readonly SlotSet[] {
  const bound = (i: number): number => Math.round((i * 16_384) / shards);
  return Array.from({ length: shards }, (_, i) => [[bound(i), bound(i + 1) - 1]]);
}

export function planOf(topology: Topology, cluster: Cluster): Plan {
  const made = makePlan(topology, cluster);
  if (made.kind === 'refused') throw made.failure;
  return made.plan;
}

export function planned(plan: Plan): Extract<CommentState, { kind: 'planned' }> {
  return {
    kind: 'planned',
    plan,
    estimate: estimate(plan, new Map()),
    missing: missingAllow(plan, []),
    underWay: null,
  };
}
