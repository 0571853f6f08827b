import type { Cluster, Pod } from '../src/core/cluster.ts';
import { design } from '../src/core/design.ts';
import type { Topology } from '../src/core/topology.ts';
import { makePlan } from '../src/plan/make-plan.ts';
import { steps } from '../src/plan/plan.ts';
import { grouped } from '../src/report/units.ts';
import { memberOf, NOTHING, podOf, workloadOf } from '../test/support/cluster.ts';
import { placeOf, topologyOf } from '../test/support/topology.ts';
import { machine, record, table } from './record.ts';

// How long planning takes for 1,000 pods on 40 Kubernetes nodes in 4 zones. The goal is under 200 ms.

const NAME = 'big';
const HOST = 'kubernetes.io/hostname';
const ZONE = 'topology.kubernetes.io/zone';
const RUNS = 5;

const CASES: readonly (readonly [string, Topology, Cluster])[] = [
  ['create 500 × 2', topologyFor(500, 1), blank(1000)],
  ['create 333 × 3', topologyFor(333, 2), blank(999)],
  ['nothing to do, 500 × 2', topologyFor(500, 1), formed(500, 1)],
  ['grow 400 → 500 shards', topologyFor(500, 1), formed(400, 1)],
  ['shrink 500 → 400 shards', topologyFor(400, 1), formed(500, 1)],
  ['replicas 0 → 1, 500 shards', topologyFor(500, 1), formed(500, 0)],
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

function topologyFor(shards: number, replicas: number): Topology {
  const placement = { spreadBy: [HOST, ZONE], whenUnsatisfiable: 'warn' } as const;
  return topologyOf(placeOf(NAME), { shards, replicas }, { placement });
}

function blank(pods: number): Cluster {
  const ordinals = Array.from({ length: pods }, (_, i) => i);
  return {
    ...NOTHING,
    workload: workloadOf(NAME, pods),
    pods: ordinals.map(podOn),
    members: ordinals.map((i) => memberOf(`${NAME}-${i}`, { joined: false })),
  };
}

function formed(shards: number, replicas: number): Cluster {
  const cluster = blank(shards * (1 + replicas));
  const layout = design(topologyFor(shards, replicas), cluster);
  const members = layout.shards.flatMap(({ primary, replicas: followers, slots }) => [
    memberOf(primary, { slots }),
    ...followers.map((pod) => memberOf(pod, { role: 'replica', primary })),
  ]);
  return { ...cluster, members };
}

function podOn(ordinal: number): Pod {
  const node = `node-${ordinal % 40}`;
  return podOf(NAME, ordinal, { node, domains: { [HOST]: node, [ZONE]: `zone-${ordinal % 4}` } });
}
