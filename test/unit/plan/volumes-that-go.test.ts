import { expect, test } from '@jest/globals';
import type { Cluster } from '../../../src/core/cluster.ts';
import { notAllowed } from '../../../src/plan/dangers.ts';
import { estimate } from '../../../src/plan/estimate.ts';
import { makePlan } from '../../../src/plan/make-plan.ts';
import { type Plan, steps } from '../../../src/plan/plan.ts';
import { isRest } from '../../../src/plan/remainder.ts';
import { KINDS } from '../../../src/steps/index.ts';
import { caseOf } from './named-case.ts';

/** Volumes of pods that are scaled away, where the StatefulSet has `whenScaled: Delete` and the topology says `retain`. */
const { topology, cluster } = caseOf('shrink where kubernetes deletes the volumes');

const shrink = planOf(cluster);

function planOf(now: Cluster): Plan {
  const planned = makePlan(topology, now);
  if (planned.kind === 'refused') throw planned.failure;
  return planned.plan;
}

/** The same cluster, where Kubernetes keeps the volumes. */
function retaining({ workload, ...rest }: Cluster): Cluster {
  if (workload === null) return { ...rest, workload };
  const { volumesGoWithPods: _, ...kept } = workload;
  return { ...rest, workload: kept };
}

test('they are counted, and need the word', () => {
  expect(estimate(shrink, new Map()).summary.volumesToDelete).toBe(2);
  expect(notAllowed(shrink, [])).toMatchObject({
    code: 'not-allowed',
    details: expect.arrayContaining([
      expect.stringContaining('persistentVolumeClaimRetentionPolicy.whenScaled: Delete'),
    ]),
  });
  expect(notAllowed(shrink, ['delete-volumes'])).toBeNull();
});

test('who approved a plan that keeps them has not approved that they are deleted', () => {
  const kept = planOf(retaining(cluster));
  expect(isRest(steps(kept), shrink, [])).toEqual({
    rest: false,
    differences: ['Not in the approved plan: Delete the volumes data-redis-cluster-6, data-redis-cluster-7.'],
  });
});

test('where the policy is changed in the middle of an apply, no step of the plan is as planned any more', () => {
  for (const step of steps(shrink).filter(({ kind }) => kind === 'scale' || kind === 'delete-volumes')) {
    expect([step.kind, KINDS.facts(step, cluster)]).not.toEqual([step.kind, KINDS.facts(step, retaining(cluster))]);
  }
});

test('once their pods are gone they are still part of the plan, until they are on their way out', () => {
  const scaled = KINDS.after({ kind: 'scale', from: 8, to: 6 }, shrink.after);
  const volumes = cluster.volumes.map((volume) =>
    volume.ordinal < 6 ? volume : { ...volume, goesWithPod: true as const },
  );
  const left = planOf({ ...scaled, volumes: volumes.slice(0, 8) });
  expect(steps(left)).toEqual([{ kind: 'delete-volumes', volumes: ['data-redis-cluster-6', 'data-redis-cluster-7'] }]);
  expect(isRest(steps(shrink), left, [])).toEqual({ rest: true });

  const going = planOf({
    ...scaled,
    volumes: volumes.slice(0, 8).map((volume) => ({ ...volume, deleting: volume.ordinal > 5 })),
  });
  expect(steps(going)).toEqual([]);
  expect(isRest(steps(shrink), going, [])).toEqual({ rest: true });
});
