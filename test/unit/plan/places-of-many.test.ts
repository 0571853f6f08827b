import { expect, test } from '@jest/globals';
import type { Cluster, Member } from '../../../src/core/cluster.ts';
import { design } from '../../../src/core/design.ts';
import { brokenRules } from '../../../src/core/invariants.ts';
import { makePlan } from '../../../src/plan/make-plan.ts';
import { type Plan, steps } from '../../../src/plan/plan.ts';
import { isRest } from '../../../src/plan/remainder.ts';
import { resumePlan } from '../../../src/plan/resume-plan.ts';
import { statesOf } from '../../../src/plan/stages.ts';
import { KINDS } from '../../../src/steps/index.ts';
import { memberOf, NOTHING, podOf, workloadOf } from '../../support/cluster.ts';
import { placeOf, topologyOf } from '../../support/topology.ts';

const HOST = 'kubernetes.io/hostname';
const SHARDS = 60;
const TOPOLOGY = topologyOf(placeOf('many'), { shards: SHARDS, replicas: 1 }, { tolerance: 0.02 });
/** Of 60 shards. */
const MOST = 3;

/** Whole shards on one Kubernetes node each: all have to exchange their replicas. */
const CROWDED = crowdedCluster();

test('replicas of many shards change places a few at a time, and no shard lacks one twice', () => {
  const plan = planOf(CROWDED);
  const lacking = statesOf(CROWDED, plan.stages).map(shardsLacking);
  expect(Math.max(...lacking.map(({ length }) => length))).toBe(MOST);
  const begun = lacking.flatMap((pods, i) => pods.filter((pod) => !(lacking[i - 1] ?? []).includes(pod)));
  expect(new Set(begun).size).toBe(begun.length);
  expect(steps(plan)).toHaveLength(SHARDS);
  expect(planOf(plan.after).stages).toEqual([]);
});

test('what is left after a stop is the rest of the approved plan, wherever it was', () => {
  const plan = planOf(CROWDED);
  const states = statesOf(CROWDED, plan.stages);
  for (const [i, stage] of plan.stages.entries()) {
    const [first] = stage;
    const before = states[i] ?? CROWDED;
    const stopped = [before, first === undefined ? before : KINDS.after(first.step, before)];
    for (const state of stopped) {
      expect(brokenRules(state)).toEqual([]);
      const resumed = resumePlan(TOPOLOGY, state, { steps: steps(plan), unbound: plan.unbound });
      if (resumed.kind === 'refused') throw resumed.failure;
      expect(isRest(steps(plan), resumed.plan, plan.unbound)).toEqual({ rest: true });
    }
  }
});

function planOf(cluster: Cluster): Plan {
  const planned = makePlan(TOPOLOGY, cluster);
  if (planned.kind === 'refused') throw planned.failure;
  return planned.plan;
}

/** Primaries that own slots and have no replica. */
function shardsLacking({ members }: Cluster): readonly string[] {
  const followed = new Set(members.map(({ primary }: Member) => primary));
  return members.flatMap(({ pod, slots }) => (slots.length > 0 && !followed.has(pod) ? [pod] : []));
}

function crowdedCluster(): Cluster {
  const ordinals = Array.from({ length: 2 * SHARDS }, (_, i) => i);
  const blank: Cluster = {
    ...NOTHING,
    workload: workloadOf('many', ordinals.length),
    pods: ordinals.map((ordinal) => podOf('many', ordinal)),
    members: ordinals.map((ordinal) => memberOf(`many-${ordinal}`, { joined: false })),
  };
  const { shards } = design(TOPOLOGY, blank);
  const nodeOf = new Map(shards.flatMap(({ primary, replicas }, i) => [primary, ...replicas].map((pod) => [pod, i])));
  return {
    ...blank,
    pods: blank.pods.map((pod) => {
      const node = `node-${nodeOf.get(pod.name)}`;
      return { ...pod, node, domains: { [HOST]: node } };
    }),
    members: shards.flatMap(({ primary, replicas, slots }) => [
      memberOf(primary, { slots }),
      ...replicas.map((pod) => memberOf(pod, { role: 'replica', primary })),
    ]),
  };
}
