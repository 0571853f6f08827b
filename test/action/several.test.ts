import { describe, expect, test } from '@jest/globals';
import { BASE, commit, pullRequest, push } from './support/events.ts';
import { GONE, type LocalRepository, type LocalRun, shares, withLocalRepository } from './support/local-repository.ts';

const HEAVY = shares([2, 1, 1]);
const LOST = HEAVY.replace('statefulSet: redis-cluster', `statefulSet: ${GONE}`);

let repository: LocalRepository;

withLocalRepository((created) => {
  repository = created;
  repository.github.files.set(`${BASE}:gone.yaml`, LOST);
});

/** Of each cluster. */
function results({ outputs }: LocalRun): unknown {
  return JSON.parse(outputs['clusters'] ?? '[]');
}

describe('of several clusters', () => {
  test.each([
    ['first', { 'gone.yaml': LOST, 'topology.yaml': HEAVY }],
    ['last', { 'topology.yaml': HEAVY, 'gone.yaml': LOST }],
  ])('one that fails %s does not hide the plan of the other, and each has its comment', async (_, topology) => {
    const planned = await repository.run(pullRequest(7), { topology });
    expect(planned).toMatchObject({
      red: true,
      outputs: { result: 'failed', 'failure-reason': 'kubernetes-unreachable' },
    });
    expect(results(planned)).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ cluster: GONE, result: 'failed', 'plan-hash': '' }),
        expect.objectContaining({ cluster: 'redis-cluster', result: 'planned', 'failure-reason': '' }),
      ]),
    );
    const bodies = repository.github.comments.map(({ body }) => body);
    expect(bodies).toHaveLength(2);
    expect(bodies).toContainEqual(expect.stringContaining('No plan could be made'));
    expect(bodies).toContainEqual(expect.stringContaining('**Next:** merge'));
    for (const words of ['Gone.', 'Rebalances the shards']) expect(planned.summary).toContain(words);
  });

  test('one that fails does not keep the other from its apply', async () => {
    await repository.run(pullRequest(7), { topology: HEAVY });
    repository.merge(7, [commit(1)]);
    const applied = await repository.run(push([commit(1)]), {
      topology: { 'gone.yaml': LOST, 'topology.yaml': HEAVY },
    });
    expect(applied).toMatchObject({ red: true, outputs: { result: 'failed' } });
    expect(results(applied)).toMatchObject([{ result: 'failed' }, { result: 'applied', changed: 'true' }]);
  });
});
