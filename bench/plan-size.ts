import type { Cluster, Member, Pod } from '../src/core/cluster.ts';
import { design } from '../src/core/design.ts';
import { NO_SLOTS } from '../src/core/slots.ts';
import type { Topology } from '../src/core/topology.ts';
import { makePlan } from '../src/plan/make-plan.ts';
import { steps } from '../src/plan/plan.ts';
import { grouped } from '../src/report/units.ts';
import { machine, record, table } from './record.ts';

// How long planning takes for 1,000 pods on 40 Kubernetes nodes in 4 zones. The goal is under 200 ms.

const HOST = 'kubernetes.io/hostname';
const ZONE = 'topology.kubernetes.io/zone';
const RUNS = 5;

const CASES: readonly (readonly [string, Topology, Cluster])[] = [
  ['create 500 × 2', topologyOf(500, 1), blank(1000)],
  ['create 333 × 3', topologyOf(333, 2), blank(999)],
  ['nothing to do, 500 × 2', topologyOf(500, 1), formed(500, 1)],
  ['grow 400 → 500 shards', topologyOf(500, 1), formed(400, 1)],
  ['shrink 500 → 400 shards', topologyOf(400, 1), formed(500, 1)],
  ['replicas 0 → 1, 500 shards', topologyOf(500, 1), formed(500, 0)],
];

const rows = CASES.map(([name, topology, cluster]) => {
  let count = 0;
  const times = Array.from({ length: RUNS }, () => {
    const begun = performance.now();
    const planned = makePlan(topology, cluster);
    const time = performance.now() - begun;
    if (planned.kind === 'refused') throw planned.failure;
    count = steps(planned.plan).length;
    return time;
  });
  const sorted = times.toSorted((a, b) => a - b);
  const shown = [times[0], sorted[Math.floor(RUNS / 2)]].map((time = 0) => `${time.toFixed(0)} ms`);
  return [name, grouped(count), ...shown];
});
await record('plan-size', `${table([['plan', 'steps', 'first', `median of ${RUNS}`], ...rows])}\n\nOn ${machine()}.`);

function topologyOf(shards: number, replicas: number): Topology {
  return {
    name: 'big',
    file: 'topology.yaml',
    state: 'present',
    kubernetes: { namespace: 'default', statefulSet: 'big', container: null, port: 6379, manifests: null },
    shards: Array.from({ length: shards }, () => ({ kind: 'weight', weight: 1 })),
    replicasPerShard: replicas,
    tolerance: 0.02,
    placement: { spreadBy: [HOST, ZONE], whenUnsatisfiable: 'warn' },
    volumes: { onScaleDown: 'retain' },
    migration: { method: 'auto', maxLatency: 20 },
  };
}

function blank(pods: number): Cluster {
  const ordinals = Array.from({ length: pods }, (_, i) => i);
  return {
    workload: {
      name: 'big',
      namespace: 'default',
      replicas: pods,
      firstOrdinal: 0,
      owner: null,
      claimTemplates: ['data'],
    },
    pods: ordinals.map(podOf),
    volumes: [],
    kubernetesNodes: [],
    members: ordinals.map((i) => memberOf(`big-${i}`)),
    strangers: [],
    manifests: null,
    findings: [],
  };
}

function formed(shards: number, replicas: number): Cluster {
  const cluster = blank(shards * (1 + replicas));
  const layout = design(topologyOf(shards, replicas), cluster);
  const members = layout.shards.flatMap(({ primary, replicas: followers, slots }) => [
    { ...memberOf(primary), joined: true, slots },
    ...followers.map((pod): Member => ({ ...memberOf(pod), joined: true, role: 'replica', primary })),
  ]);
  return { ...cluster, members };
}

function podOf(ordinal: number): Pod {
  const node = `node-${ordinal % 40}`;
  return {
    name: `big-${ordinal}`,
    ordinal,
    uid: 'uid',
    ip: '10.0.0.1',
    node,
    domains: { [HOST]: node, [ZONE]: `zone-${ordinal % 4}` },
    ready: true,
    deleting: false,
    trouble: null,
    memoryLimit: null,
  };
}

function memberOf(pod: string): Member {
  return {
    pod,
    id: '',
    joined: false,
    role: 'primary',
    primary: null,
    slots: NO_SLOTS,
    configEpoch: 0,
    synced: true,
    facts: {
      address: '10.0.0.1:6379@16379',
      software: 'redis',
      version: '7.0.15',
      keys: 0,
      memory: 0,
      dataset: 0,
      maxMemory: 0,
      evictionPolicy: 'noeviction',
      persistent: true,
      lag: 0,
    },
  };
}
