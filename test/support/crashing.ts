import { expect } from '@jest/globals';
import { systemClock } from '../../src/adapters/process/clock.ts';
import { replicasOf, slotOwners } from '../../src/core/cluster.ts';
import type { Topology } from '../../src/core/topology.ts';
import { carryOut, type Journal } from '../../src/engine/carry-out.ts';
import { type Plan, steps } from '../../src/plan/plan.ts';
import { isRest } from '../../src/plan/remainder.ts';
import { resumePlan } from '../../src/plan/resume-plan.ts';
import type { StepKindName } from '../../src/steps/index.ts';
import { type Ground, look, planOn } from './apply.ts';

/**
 * Runs of one approved plan, each of which ends after its first stage, as if killed there, until nothing is left to do. Sees that
 * each begins with the rest of what was approved, and that the last one ends as declared.
 * Returns the kinds of step that were the last before a crash.
 */
export async function crashAgainAndAgain(ground: Ground, topology: Topology): Promise<ReadonlySet<StepKindName>> {
  const last = new Set<StepKindName>();
  const approved = await planOn(ground, topology);
  const agreed = { steps: steps(approved), unbound: approved.unbound };
  let left: Plan = approved;
  for (let run = 0; left.stages.length > 0; run += 1) {
    expect(run).toBeLessThan(40);
    expect(isRest(agreed.steps, left, agreed.unbound)).toEqual({ rest: true });
    for (const { step } of left.stages[0] ?? []) last.add(step.kind);
    await oneStageOf(ground, topology, left);
    const now = resumePlan(topology, await look(ground, topology), agreed);
    if (now.kind === 'refused') throw now.failure;
    left = now.plan;
  }
  const cluster = await look(ground, topology);
  expect(slotOwners(cluster)).toHaveLength(topology.shards.length);
  for (const owner of slotOwners(cluster)) {
    expect(replicasOf(cluster, owner.pod)).toHaveLength(topology.replicasPerShard);
  }
  return last;
}

async function oneStageOf(ground: Ground, topology: Topology, plan: Plan): Promise<void> {
  const crash = new Error('The runner is gone.');
  let stages = 0;
  const journal: Journal = {
    stage: async (_number, _planned, work) => {
      if (stages === 1) throw crash;
      stages += 1;
      await work();
    },
    tell: () => undefined,
  };
  const ports = { ...ground, clock: systemClock, observe: () => look(ground, topology) };
  const stop = new AbortController().signal;
  try {
    await carryOut(topology, ports, { approved: plan, journal, stop });
  } catch (thrown) {
    if (thrown !== crash) throw thrown;
  }
}
