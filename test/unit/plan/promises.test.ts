import { describe, test } from '@jest/globals';
import { assert, double, property } from 'fast-check';
import { type Cluster, ordinalOf } from '../../../src/core/cluster.ts';
import { brokenPromises, brokenRules, differences } from '../../../src/core/invariants.ts';
import { count, isEmpty, parse, print, takeLowest } from '../../../src/core/slots.ts';
import type { Topology } from '../../../src/core/topology.ts';
import { makePlan } from '../../../src/plan/make-plan.ts';
import { type Plan, steps } from '../../../src/plan/plan.ts';
import { isRest } from '../../../src/plan/remainder.ts';
import { resumePlan } from '../../../src/plan/resume-plan.ts';
import { statesOf } from '../../../src/plan/stages.ts';
import { KINDS, type Step } from '../../../src/steps/index.ts';
import { podOn, type Situation, situation } from './any-cluster.ts';

const RUNS = { numRuns: 100 };

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
      for (const [i, state] of states.entries()) {
        same(brokenRules(state), []);
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
    check(({ topology, cluster }) => {
      const shuffled = {
        ...cluster,
        pods: cluster.pods.toReversed(),
        members: cluster.members.toReversed(),
        volumes: cluster.volumes.toReversed(),
      };
      same(planOf(topology, shuffled).hash, planOf(topology, cluster).hash);
    });
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
  if (planned.kind === 'refused') throw planned.failure;
  const now = planned.plan;
  const rest = isRest(steps(approved), now, approved.unbound);
  if (rest.rest) return;
  throw new Error([...rest.differences, '-- approved', ...words(approved), '-- now', ...words(now)].join('\n'));
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
