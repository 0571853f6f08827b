import { expect } from '@jest/globals';
import { systemClock } from '../../src/adapters/process/clock.ts';
import { type Cluster, replicasOf, slotOwners } from '../../src/core/cluster.ts';
import type { Topology } from '../../src/core/topology.ts';
import { carryOut, type Journal } from '../../src/engine/carry-out.ts';
import { type Plan, steps } from '../../src/plan/plan.ts';
import { isRest } from '../../src/plan/remainder.ts';
import { resumePlan } from '../../src/plan/resume-plan.ts';
import type { StepKindName } from '../../src/steps/index.ts';
import { applyOn, type Ground, look, planOn } from './apply.ts';

/**
 * Runs of one approved plan, each of which ends after its first stage, as if killed there, until nothing is left to do. Sees that
 * each begins with the rest of what was approved, and that an apply then finds all as declared.
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
  expect((await applyOn(ground, topology)).stages).toEqual([]);
  const cluster = await look(ground, topology);
  expect(slotOwners(cluster)).toHaveLength(topology.shards.length);
  for (const owner of slotOwners(cluster)) {
    expect(replicasOf(cluster, owner.pod)).toHaveLength(topology.replicasPerShard);
  }
  return last;
}

/** The run sees nothing any more once its first stage has done its work, be it the last one. */
async function oneStageOf(ground: Ground, topology: Topology, plan: Plan): Promise<void> {
  const crash = new Error('The runner is gone.');
  const run = { isOver: false };
  const journal: Journal = {
    stage: async (_number, _planned, work) => {
      await work();
      run.isOver = true;
    },
    tell: () => undefined,
  };
  const observe = async (): Promise<Cluster> => {
    if (run.isOver) throw crash;
    return look(ground, topology);
  };
  const ports = { ...ground, clock: systemClock, observe };
  const stop = new AbortController().signal;
  await expect(carryOut(topology, ports, { approved: plan, allow: [], journal, stop })).rejects.toBe(crash);
}
