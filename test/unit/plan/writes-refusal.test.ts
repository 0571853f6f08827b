import { expect, test } from '@jest/globals';
import { type Cluster, withMember } from '../../../src/core/cluster.ts';
import type { Failure } from '../../../src/core/failure.ts';
import type { Finding } from '../../../src/core/findings.ts';
import { makePlan } from '../../../src/plan/make-plan.ts';
import type { Planned } from '../../../src/plan/plan.ts';
import { caseOf } from './named-case.ts';

/** The cluster of a golden case, whose servers take no writes with fewer replicas in step. */
function planWith(name: string, minReplicas: number, findings: readonly Finding[] = []): Planned {
  const { topology, cluster } = caseOf(name);
  const needing = cluster.members.reduce(
    (before: Cluster, { pod, facts }) => withMember(before, pod, { facts: { ...facts, minReplicas } }),
    cluster,
  );
  return makePlan(topology, { ...(minReplicas === 0 ? cluster : needing), findings });
}

function failureOf(planned: Planned): Failure | null {
  return planned.kind === 'refused' ? planned.failure : null;
}

function refusing(pod: string, about: 'disk' | 'replicas'): Finding {
  const text = `${pod} refuses every write.`;
  return { code: 'writes-refused', weight: 'differs', text, remedy: 'Mend it.', pods: [pod], about };
}

test('fewer replicas than `min-replicas-to-write` asks for are refused before the first change', () => {
  expect(failureOf(planWith('replicas two to one', 1))).toBeNull();
  const failure = failureOf(planWith('replicas two to one', 2));
  expect(failure).toMatchObject({
    code: 'too-few-replicas',
    message: expect.stringContaining('with 1 replica for each shard servers would refuse every write'),
    remedy: expect.stringContaining('Declare `replicasPerShard: 2` or more, or first lower `min-replicas-to-write`'),
  });
  expect(failure?.details).toEqual([
    expect.stringMatching(/^`min-replicas-to-write` asks for 2 on redis-cluster-0, .* redis-cluster-5\.$/),
  ]);
});

test('a cluster that is to be deleted may need as many replicas as it likes', () => {
  expect(failureOf(planWith('destroy', 9))).toBeNull();
});

test.each([
  ['none where it needs none', 0, []],
  [
    'told where it needs one',
    1,
    [
      'The shard of redis-cluster-1 has 0 of 1 replicas without which it refuses writes (`min-replicas-to-write`), after "Make redis-cluster-4 a replica of redis-cluster-0" until the next is in step.',
    ],
  ],
])('replicas that change places are a danger for writes of their shard: %s', (_name, minReplicas, wanted) => {
  const planned = planWith('placement swap', minReplicas);
  const dangers = planned.kind === 'plan' ? planned.plan.dangers : [];
  expect(dangers.flatMap(({ code, text }) => (code === 'writes-refused' ? [text] : []))).toEqual(wanted);
});

test('slots move neither from nor to a server that cannot write to its disk', () => {
  expect(failureOf(planWith('grow three to four', 0, [refusing('redis-cluster-0', 'disk')]))).toMatchObject({
    code: 'cluster-unhealthy',
    message: 'Cannot move the slots as declared: redis-cluster-0 refuses every write.',
  });
});

test('what servers refuse already is a danger of a plan, which may be what mends it', () => {
  const planned = planWith('replicas one to two', 2, [refusing('redis-cluster-0', 'replicas')]);
  expect(planned.kind === 'plan' ? planned.plan.dangers : []).toContainEqual({
    code: 'writes-refused',
    text: 'redis-cluster-0 refuses every write.',
    needs: null,
  });
});
