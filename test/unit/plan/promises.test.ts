import { describe, test } from '@jest/globals';
import { assert, boolean, double, integer, property } from 'fast-check';
import { type Cluster, memberOf, ordinalOf, replicasOf, slotOwners } from '../../../src/core/cluster.ts';
import { crowdsIn } from '../../../src/core/design.ts';
import { brokenPromises, brokenRules, differences } from '../../../src/core/invariants.ts';
import { ownerlessSlots } from '../../../src/core/slot-findings.ts';
import { count, intersect, isEmpty, minus, parse, print, takeLowest, union } from '../../../src/core/slots.ts';
import { isNowhere } from '../../../src/core/stranger-findings.ts';
import { podCount, type Topology } from '../../../src/core/topology.ts';
import { missingAllow } from '../../../src/plan/dangers.ts';
import { makePlan } from '../../../src/plan/make-plan.ts';
import { type Plan, steps } from '../../../src/plan/plan.ts';
import { isRest } from '../../../src/plan/remainder.ts';
import { resumePlan } from '../../../src/plan/resume-plan.ts';
import { statesOf } from '../../../src/plan/stages.ts';
import { KINDS, type Step } from '../../../src/steps/index.ts';
import { order, podOn, type Situation, situation, withoutLast } from './any-cluster.ts';

const RUNS = { numRuns: Number(process.env.PROMISE_RUNS ?? 100) };

describe('any plan', () => {
  test('reaches the layout', () => {
    check(({ topology, cluster }) => {
      const plan = planOf(topology, cluster);
      same(differences(plan.after, plan.layout), []);
    });
  });

  test('leaves nothing to do', () => {
    check(({ topology, cluster }) => {
      const again = planOf(topology, planOf(topology, cluster).after);
      same(words(again), []);
    });
  });

  test('keeps the promises at every state on the way, and warns where a shard lacks replicas for a while', () => {
    check(({ topology, cluster }) => {
      const plan = planOf(topology, cluster);
      const states = statesOf(cluster, plan.stages);
      const known = new Set(brokenRules(cluster));
      for (const [i, state] of states.entries()) {
        same(
          brokenRules(state).filter((rule) => !known.has(rule)),
          [],
        );
        const before = states[i - 1];
        if (before === undefined) continue;
        const broken = brokenPromises(before, state, topology.replicasPerShard);
        same(broken.hard, []);
        const isWarned = plan.dangers.some((danger) => danger.code === 'redundancy-lowered');
        same(broken.redundancy.length === 0 || isWarned, true);
      }
    });
  });

  test('moves no slot twice and lets nobody give and get in one stage', () => {
    check(({ topology, cluster }) => {
      const plan = planOf(topology, cluster);
      const moves = steps(plan).filter((step) => step.kind === 'move-slots');
      const total = moves.reduce((sum, move) => sum + move.count, 0);
      const distinct = count([...new Set(moves.flatMap(({ slots }) => parse(slots) ?? []))]);
      same(total, distinct);
      for (const stage of plan.stages) {
        const donors = new Set(stage.flatMap(({ step }) => (step.kind === 'move-slots' ? [step.from] : [])));
        same(
          stage.flatMap(({ step }) => (step.kind === 'move-slots' && donors.has(step.to) ? [step.to] : [])),
          [],
        );
      }
    });
  });

  test('is the same whatever the order in which the cluster was seen', () => {
    assert(
      property(situation, order, ({ topology, cluster }, keys) => {
        const { pods, members, volumes } = cluster;
        const shuffled = {
          ...cluster,
          pods: inOrderOf(keys, pods),
          members: inOrderOf(keys, members),
          volumes: inOrderOf(keys, volumes),
        };
        same(planOf(topology, shuffled).hash, planOf(topology, cluster).hash);
      }),
      RUNS,
    );
  });

  test('places no cluster worse that keeps its shape', () => {
    check(({ topology, cluster }) => {
      const before = shardsOf(cluster);
      const isSame = before.length === topology.shards.length && cluster.pods.length === podCount(topology);
      const isWhole = before.every(({ replicas }) => replicas.length === topology.replicasPerShard);
      if (!isSame || !isWhole) return;
      const after = shardsOf(planOf(topology, cluster).after);
      same(crowding(topology, cluster, after) <= crowding(topology, cluster, before), true);
    });
  });
});

describe('where the last pods were scaled away by hand', () => {
  test('no plan gives away or deletes what their volumes may hold, and those that are declared come back first', () => {
    assert(
      property(situation, integer({ min: 1, max: 3 }), boolean(), ({ topology, cluster }, pods, isForgotten) => {
        const left = withoutLast(cluster, pods, isForgotten);
        const planned = makePlan(topology, left);
        if (planned.kind === 'refused') return;
        const { plan } = planned;
        const held = union(
          ...cluster.members.filter((one) => memberOf(left, one.pod) === undefined).map((one) => one.slots),
        );
        const missed = minus(held, union(...left.members.map((one) => one.slots)));
        const isGivenAway = steps(plan).some(
          (step) => step.kind === 'assign-slots' && !isEmpty(intersect(parse(step.slots) ?? [], missed)),
        );
        const isDeleted = !isEmpty(missed) && steps(plan).some((step) => step.kind === 'delete-volumes');
        same(isDeleted, false);
        // Of blank pods that know nobody, nothing tells that there was a cluster: their volumes are left alone.
        if (slotOwners(left).length === 0 && left.strangers.every(isNowhere)) return;
        same(isGivenAway, false);
        if (!isEmpty(missed)) same(plan.returning.length > 0, true);
        if (plan.returning.length === 0) return;
        same(
          steps(plan).filter(({ kind }) => kind !== 'scale' && kind !== 'wait-for-pods'),
          [],
        );
        same(missingAllow(plan, []), []);
      }),
      RUNS,
    );
  });
});

describe('a plan for going on is the rest of the approved one', () => {
  test('after a stop between any two stages', () => {
    check(({ topology, cluster }) => {
      const plan = planOf(topology, cluster);
      for (const state of statesOf(cluster, plan.stages)) assertRest(plan, state);
    });
  });

  test('after a stop in the middle of any stage, with some of its steps done', () => {
    check(({ topology, cluster }) => {
      const plan = planOf(topology, cluster);
      const states = statesOf(cluster, plan.stages);
      for (const [i, stage] of plan.stages.entries()) {
        const done = stage.map(({ step }) => step).filter((_, at) => at % 2 === 0);
        const state = done.reduce((now, step) => KINDS.after(step, now), states[i] ?? cluster);
        assertRest(plan, state);
      }
    });
  });

  test('after a stop in the middle of moves, with a part of their slots moved', () => {
    assert(
      property(situation, double({ min: 0, max: 1, noNaN: true }), ({ topology, cluster }, part) => {
        const plan = planOf(topology, cluster);
        const states = statesOf(cluster, plan.stages);
        for (const [i, stage] of plan.stages.entries()) {
          const halves = stage.map(({ step }) => step).filter((step) => step.kind === 'move-slots');
          if (halves.length === 0) continue;
          const state = halves
            .map((step) => partOf(step, part))
            .reduce((now, step) => KINDS.after(step, now), states[i] ?? cluster);
          assertRest(plan, state);
        }
      }),
      RUNS,
    );
  });

  test('after drained primaries became replicas of the receiver by themselves', () => {
    check(({ topology, cluster }) => {
      const plan = planOf(topology, cluster);
      const states = statesOf(cluster, plan.stages);
      for (const [i, stage] of plan.stages.entries()) {
        const next = states[i + 1] ?? plan.after;
        const migrated = stage.reduce(
          (now, { step }) => (step.kind === 'move-slots' ? migrateReplicas(now, step) : now),
          next,
        );
        assertRest(plan, migrated);
      }
    });
  });

  test('while pods that have not joined are not ready', () => {
    check(({ topology, cluster }) => {
      const plan = planOf(topology, cluster);
      for (const state of statesOf(cluster, plan.stages)) {
        const joined = new Set(state.members.filter((member) => member.joined).map((member) => member.pod));
        assertRest(plan, {
          ...state,
          pods: state.pods.map((pod) => (joined.has(pod.name) ? pod : { ...pod, ready: false })),
        });
      }
    });
  });

  test('after the new pods were scheduled somewhere', () => {
    check(({ topology, cluster, nodeOf }) => {
      const plan = planOf(topology, cluster);
      const states = statesOf(cluster, plan.stages);
      for (const state of states) {
        const pods = state.pods.map((pod) =>
          pod.node === null && pod.ready ? podOn(pod.ordinal, nodeOf(pod.ordinal)) : pod,
        );
        const isBound = pods.every((pod) => pod.node !== null);
        if (isBound && state !== plan.after) assertRest(plan, { ...state, pods });
      }
    });
  });
});

test('another topology is no rest of the approved plan', () => {
  assert(
    property(situation, ({ topology, cluster }) => {
      const plan = planOf(topology, cluster);
      const other = planOf({ ...topology, shards: [...topology.shards, { kind: 'weight', weight: 1 }] }, cluster);
      same(isRest(steps(plan), other, plan.unbound).rest, false);
    }),
    RUNS,
  );
});

function inOrderOf<T>(keys: readonly number[], values: readonly T[]): readonly T[] {
  return values
    .map((value, i) => ({ value, key: keys[i] ?? 0 }))
    .toSorted((a, b) => a.key - b.key)
    .map(({ value }) => value);
}

function shardsOf(cluster: Cluster): readonly { primary: string; replicas: readonly string[] }[] {
  return slotOwners(cluster).map(({ pod }) => ({
    primary: pod,
    replicas: replicasOf(cluster, pod).map((replica) => replica.pod),
  }));
}

/** Pods that share a domain with another one of their shard, those of the first label counting most. */
function crowding(topology: Topology, cluster: Cluster, shards: ReturnType<typeof shardsOf>): number {
  const all = crowdsIn(shards, cluster, topology);
  return topology.placement.spreadBy.reduce((sum, label) => {
    const own = all.filter((crowd) => crowd.label === label);
    return sum * 1_000 + own.reduce((pods, crowd) => pods + (crowd.pods.length * (crowd.pods.length - 1)) / 2, 0);
  }, 0);
}

function check(holds: (situation: Situation) => void): void {
  assert(property(situation, holds), RUNS);
}

function planOf(topology: Topology, cluster: Cluster): Plan {
  const planned = makePlan(topology, cluster);
  if (planned.kind === 'refused') throw planned.failure;
  return planned.plan;
}

function words(plan: Plan): readonly string[] {
  return steps(plan).map((step) => KINDS.words(step));
}

/** What is left of a plan leads to the same end. */
function assertRest(approved: Plan, cluster: Cluster): void {
  const planned = resumePlan(approved.topology, cluster, { steps: steps(approved), unbound: approved.unbound });
  if (planned.kind === 'refused' && mayComeBack(cluster)) return;
  if (planned.kind === 'refused') throw planned.failure;
  same(mayComeBack(cluster), false);
  const now = planned.plan;
  const rest = isRest(steps(approved), now, approved.unbound);
  if (rest.rest) return;
  throw new Error([...rest.differences, '-- approved', ...words(approved), '-- now', ...words(now)].join('\n'));
}

/** Whether slots without owner are lost is known once all pods answer: one that is to come may hold their keys. */
function mayComeBack(cluster: Cluster): boolean {
  return !isEmpty(ownerlessSlots(cluster)) && cluster.members.length < cluster.pods.length;
}

/** The first slots of a move, as a run leaves them that was stopped. */
function partOf(move: Extract<Step, { kind: 'move-slots' }>, part: number): Step {
  const slots = takeLowest(parse(move.slots) ?? [], Math.floor(move.count * part));
  return { ...move, slots: print(slots), count: count(slots) };
}

/** cluster-allow-replica-migration: who gave its last slot away follows the receiver, and so do its replicas. */
function migrateReplicas(cluster: Cluster, { from, to }: { from: string; to: string }): Cluster {
  const donor = cluster.members.find((member) => member.pod === from);
  if (donor === undefined || !isEmpty(donor.slots)) return cluster;
  const members = cluster.members.map((member) =>
    member.pod === from || member.primary === from ? ({ ...member, role: 'replica', primary: to } as const) : member,
  );
  return { ...cluster, members: members.toSorted((a, b) => ordinalOf(a.pod) - ordinalOf(b.pod)) };
}

function same<T>(actual: T, expected: T): void {
  const [seen, wanted] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (seen !== wanted) throw new Error(`Expected ${wanted}, but got ${seen}.`);
}
