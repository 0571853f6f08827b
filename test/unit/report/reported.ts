import type { Cluster, Member, Pod } from '../../../src/core/cluster.ts';
import { count, type SlotSet } from '../../../src/core/slots.ts';
import type { Topology } from '../../../src/core/topology.ts';
import { missingAllow } from '../../../src/plan/dangers.ts';
import { estimate } from '../../../src/plan/estimate.ts';
import { makePlan } from '../../../src/plan/make-plan.ts';
import type { Plan } from '../../../src/plan/plan.ts';
import type { CommentContext, CommentState } from '../../../src/report/comment.ts';

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
  return {
    name: 'sessions',
    file: 'clusters/sessions/topology.yaml',
    state: 'present',
    kubernetes: { namespace: 'cache', statefulSet: NAME, container: null, port: 6379, manifests: 'manifests/' },
    shards: Array.from({ length: shards }, () => ({ kind: 'weight', weight: 1 })),
    replicasPerShard: 1,
    tolerance: 0.02,
    placement: { spreadBy: ['kubernetes.io/hostname', 'topology.kubernetes.io/zone'], whenUnsatisfiable: 'warn' },
    volumes: { onScaleDown: 'retain' },
    migration: { method: 'auto', maxLatency: 20 },
    ...more,
  };
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
    return {
      pod: `${NAME}-${n}`,
      id: n.toString(16).padStart(40, 'a'),
      joined: true,
      role: n < shards ? 'primary' : 'replica',
      primary: n < shards ? null : `${NAME}-${shard}`,
      slots: n < shards ? own : [],
      configEpoch: n + 1,
      synced: true,
      facts: {
        address: `10.244.${n % 3}.${n}:6379@16379`,
        software: 'valkey',
        version: '9.1.0',
        keys,
        memory: 3_000_000 + keys * 124,
        dataset: keys * 124,
        maxMemory: 256_000_000,
        evictionPolicy: 'noeviction',
        persistent: true,
        lag: 0,
      },
    };
  });
  return {
    workload: {
      name: NAME,
      namespace: 'cache',
      replicas: size,
      firstOrdinal: 0,
      owner: null,
      claimTemplates: ['data'],
    },
    pods: Array.from({ length: size }, (_, n) => podOn(n, node(n))),
    volumes: Array.from({ length: size }, (_, n) => volumeOf(n)),
    kubernetesNodes: [],
    members,
    strangers: [],
    manifests: manifests ? MANIFESTS : null,
    findings: [],
  };
}

/** Nothing there yet but the files. */
export function nothing(): Cluster {
  return {
    workload: null,
    pods: [],
    volumes: [],
    kubernetesNodes: [],
    members: [],
    strangers: [],
    manifests: MANIFESTS,
    findings: [],
  };
}

export function volumeOf(ordinal: number): Cluster['volumes'][number] {
  return { claim: `data-${NAME}-${ordinal}`, ordinal, bound: true, deleting: false };
}

const MANIFESTS: NonNullable<Cluster['manifests']> = {
  path: 'manifests/',
  digest: '0123456789ab',
  firstOrdinal: 0,
  claimTemplates: ['data'],
  resources: [
    { apiVersion: 'v1', kind: 'ConfigMap', name: NAME, namespace: null, document: {} },
    { apiVersion: 'v1', kind: 'Service', name: NAME, namespace: null, document: {} },
    { apiVersion: 'apps/v1', kind: 'StatefulSet', name: NAME, namespace: null, document: {} },
  ],
};

function podOn(ordinal: number, node: string): Pod {
  return {
    name: `${NAME}-${ordinal}`,
    ordinal,
    uid: `uid-${ordinal}`,
    ip: `10.244.${ordinal % 3}.${ordinal}`,
    node,
    domains: {
      'kubernetes.io/hostname': node,
      'topology.kubernetes.io/zone': `zone-${'abc'[Number(node.slice(-1)) % 3]}`,
    },
    ready: true,
    deleting: false,
    trouble: null,
    memoryLimit: 512_000_000,
  };
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
