import { describe, expect, test } from '@jest/globals';
import { memberOf } from '../../../src/core/cluster.ts';
import { estimate, type Summary, secondsOf } from '../../../src/plan/estimate.ts';
import { steps } from '../../../src/plan/plan.ts';
import { countedOf, planFor } from './named-case.ts';

function summaryFor(name: string): Summary {
  return estimate(planFor(name), new Map()).summary;
}

describe('the estimate', () => {
  test('takes keys as counted, and bytes by the keys of the donor', () => {
    const plan = planFor('weights');
    const counts = new Map(steps(plan).map((step) => [step, countedOf([2_000])]));
    const { summary, steps: costs } = estimate(plan, counts);
    expect(summary).toEqual({
      slotsToMove: 2_730,
      keysToMove: 4_000,
      bytesToMove: 400_000,
      failovers: 0,
      fullSyncs: 0,
      podsToAdd: 0,
      podsToRemove: 0,
      volumesToDelete: 0,
    });
    expect([...costs.values()].map(({ keys }) => keys)).toEqual([2_000, 2_000]);
  });

  test('takes bytes by the part of its data that a donor has counted itself', () => {
    const plan = planFor('weights');
    const counts = new Map(steps(plan).map((step) => [step, { ...countedOf([2_000]), share: 0.5 }]));
    const costs = [...estimate(plan, counts).steps].map(([step, { bytes }]) => ({ step, bytes }));
    for (const { step, bytes } of costs) {
      const donor = step.kind === 'move-slots' ? memberOf(plan.before, step.from) : undefined;
      expect(bytes).toBe(Math.round((donor?.facts.dataset ?? 0) / 2));
    }
  });

  test('takes the share of the keys of a donor that was not counted', () => {
    expect(estimate(planFor('weights'), new Map()).summary.keysToMove).toBe(27_300);
  });

  test('takes moves of one stage as long as the longest, and jobs that share a server one after another', () => {
    const plan = planFor('weights');
    const atomic = { atomic: 'MIGRATESLOTS', slotStats: true } as const;
    const members = plan.before.members.map((member) => ({ ...member, capabilities: atomic }));
    const byJobs = { ...plan, before: { ...plan.before, members } };
    const moves = steps(plan).filter(({ kind }) => kind === 'move-slots');
    expect(moves).toHaveLength(2);
    for (const [one, together] of [
      [plan, 1],
      [byJobs, 2],
    ] as const) {
      const costs = new Map(moves.map((step) => [step, { keys: 0, bytes: 0, seconds: 10 }]));
      expect(secondsOf(one, { steps: costs })).toBe(10 * together);
    }
  });

  test('counts pods, failovers, full syncs and volumes', () => {
    expect(summaryFor('grow three to four')).toMatchObject({ slotsToMove: 4_096, podsToAdd: 2, fullSyncs: 0 });
    expect(summaryFor('replicas one to two')).toMatchObject({ podsToAdd: 3, fullSyncs: 3 });
    expect(summaryFor('replicas one to none')).toMatchObject({ podsToRemove: 3, failovers: 2 });
    expect(summaryFor('destroy')).toMatchObject({ podsToRemove: 6, volumesToDelete: 7 });
    expect(summaryFor('create from nothing')).toMatchObject({ podsToAdd: 6, fullSyncs: 0, keysToMove: 0 });
  });
});
