import type { Cluster, Member, Pod } from '../../../src/core/cluster.ts';
import type { Failure } from '../../../src/core/failure.ts';
import { type SlotSet, slotSet } from '../../../src/core/slots.ts';
import type { Topology } from '../../../src/core/topology.ts';
import { type Estimate, estimate } from '../../../src/plan/estimate.ts';
import { makePlan } from '../../../src/plan/make-plan.ts';
import type { Plan } from '../../../src/plan/plan.ts';
import type { CommentContext } from '../../../src/report/comment.ts';
import { topologyOf } from '../../support/topology.ts';
import { readCases } from '../plan/case-file.ts';

const CASES = new Map(
  [
    ...readCases(new URL('../plan/cases/', import.meta.url)),
    ...readCases(new URL('cases/', import.meta.url)),
  ].map((one) => [one.name, one]),
);

export const CONTEXT: CommentContext = {
  cluster: 'sessions',
  file: 'clusters/sessions.yaml',
  runUrl: 'https://github.com/octo/cache/actions/runs/1234',
  commit: '0123456789abcdef0123456789abcdef01234567',
};

export interface Priced {
  readonly plan: Plan;
  readonly estimate: Estimate;
}

export interface Situation {
  readonly topology: Topology;
  readonly cluster: Cluster;
}

/** One of the golden plans' cases, or of those beside this file, by its name. */
export function situation(name: string): Situation {
  const found = CASES.get(name);
  if (found === undefined) throw new Error(`There is no case "${name}".`);
  return { topology: { ...found.topology, name: CONTEXT.cluster, file: CONTEXT.file }, cluster: found.cluster };
}

export function planOf({ topology, cluster }: Situation): Priced {
  const planned = makePlan(topology, cluster);
  if (planned.kind === 'refused') throw planned.failure;
  return { plan: planned.plan, estimate: estimate(planned.plan, new Map()) };
}

export function refusalOf({ topology, cluster }: Situation): Failure {
  const planned = makePlan(topology, cluster);
  if (planned.kind === 'plan') throw new Error('A plan was made where none should be.');
  return planned.failure;
}

/** Shards of one replica each, on as many nodes in three zones as there are shards, to be `wanted` shards. */
export function largeCluster(shards: number, wanted: number): Situation {
  const place = { namespace: 'cache', statefulSet: 'redis-cluster', container: null, port: 6379, manifests: null };
  const topology = { ...topologyOf(place, { shards: wanted, replicas: 1 }), name: CONTEXT.cluster, file: CONTEXT.file };
  const ordinals = Array.from({ length: 2 * shards }, (_, i) => i);
  const workload = {
    name: 'redis-cluster',
    namespace: 'cache',
    replicas: ordinals.length,
    firstOrdinal: 0,
    owner: null,
    claimTemplates: ['data'],
  };
  const cluster: Cluster = {
    workload,
    pods: ordinals.map((ordinal) => podAt(ordinal, shards)),
    volumes: [],
    members: ordinals.map((ordinal) => memberAt(ordinal, shards)),
    strangers: [],
    manifests: null,
    findings: [],
  };
  return { topology, cluster };
}

function podAt(ordinal: number, shards: number): Pod {
  const node = `node-${String((ordinal + Math.floor(ordinal / shards)) % shards).padStart(3, '0')}`;
  return {
    name: `redis-cluster-${ordinal}`,
    ordinal,
    uid: `uid-${ordinal}`,
    ip: `10.0.${Math.floor(ordinal / 250)}.${ordinal % 250}`,
    node,
    domains: { 'kubernetes.io/hostname': node, 'topology.kubernetes.io/zone': `zone-${ordinal % 3}` },
    ready: true,
    deleting: false,
    trouble: null,
    memoryLimit: null,
  };
}

function memberAt(ordinal: number, shards: number): Member {
  const isPrimary = ordinal < shards;
  const slots = isPrimary ? slotsAt(ordinal, shards) : [];
  return {
    pod: `redis-cluster-${ordinal}`,
    id: String(ordinal).padStart(40, '0'),
    joined: true,
    role: isPrimary ? 'primary' : 'replica',
    primary: isPrimary ? null : `redis-cluster-${ordinal - shards}`,
    slots,
    configEpoch: isPrimary ? ordinal + 1 : 0,
    synced: true,
    facts: {
      address: `10.0.0.1:6379@16379`,
      software: 'valkey',
      version: '9.1.0',
      keys: 1_000,
      memory: 4_000_000,
      dataset: 1_000_000,
      maxMemory: 0,
      evictionPolicy: 'noeviction',
      persistent: true,
      lag: 0,
    },
  };
}

function slotsAt(ordinal: number, shards: number): SlotSet {
  const from = Math.floor((ordinal * 16_384) / shards);
  const to = Math.floor(((ordinal + 1) * 16_384) / shards);
  return slotSet(Array.from({ length: to - from }, (_, i) => from + i));
}
