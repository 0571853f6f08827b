import { describe, expect, test } from '@jest/globals';
import { BASE, commit, pullRequest, push } from './support/events.ts';
import {
  EVEN,
  GONE,
  type LocalRepository,
  type LocalRun,
  shares,
  withLocalRepository,
} from './support/local-repository.ts';

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

/** The comment about the cluster of one file. */
function commentAbout(file: string): string {
  return repository.github.comments.find(({ body }) => body.includes(`plan of ${file} -->`))?.body ?? '';
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
    expect(applied).toMatchObject({ red: true, outputs: { result: 'failed', changed: 'true' } });
    expect(results(applied)).toMatchObject([{ result: 'failed' }, { result: 'applied', changed: 'true' }]);
  });

  test('one that fails does not hide that the other has drifted', async () => {
    const looked = await repository.run(
      { name: 'schedule' },
      { topology: { 'gone.yaml': LOST, 'topology.yaml': HEAVY } },
    );
    expect(looked).toMatchObject({ red: true, outputs: { result: 'failed', drift: 'true', changed: 'false' } });
  });

  test('two of one name in two workflows do not take each other for the same', async () => {
    for (const file of ['production.yaml', 'trial.yaml']) repository.github.files.set(`${BASE}:${file}`, EVEN);
    await repository.run(pullRequest(7), { topology: { 'production.yaml': HEAVY } });
    await repository.run(pullRequest(7), { topology: { 'trial.yaml': EVEN } });
    expect(commentAbout('production.yaml')).toContain('**Next:** merge');
    expect(commentAbout('trial.yaml')).toContain('Nothing to do');
    await repository.run({ name: 'schedule' }, { topology: { 'production.yaml': HEAVY } });
    await repository.run({ name: 'schedule' }, { topology: { 'trial.yaml': EVEN } });
    expect(repository.github.issues).toMatchObject([{ state: 'open', title: expect.stringContaining('production') }]);
  });

  test('two in one run that are the same are both refused, and a third is planned', async () => {
    const topology = { 'a.yaml': LOST, 'b.yaml': LOST, 'c.yaml': HEAVY };
    repository.github.files.set(`${BASE}:c.yaml`, EVEN);
    const planned = await repository.run(pullRequest(7), { topology });
    expect(results(planned)).toMatchObject([
      {
        cluster: 'a.yaml',
        'failure-reason': 'invalid-topology',
        summary: expect.stringContaining('a.yaml and b.yaml'),
      },
      { cluster: 'b.yaml', 'failure-reason': 'invalid-topology' },
      { cluster: 'redis-cluster', result: 'planned' },
    ]);
  });
});

describe('a file with mistakes', () => {
  const BROKEN = `${HEAVY}shard: 3\n`;
  const both = { 'gone.yaml': `${LOST}shard: 3\n`, 'topology.yaml': HEAVY };

  test('does not hide the plan of another cluster, and is marked at its lines', async () => {
    const planned = await repository.run(pullRequest(7), { topology: both });
    expect(planned).toMatchObject({ red: true, outputs: { result: 'refused', 'failure-reason': 'invalid-topology' } });
    expect(planned.annotations).toMatchObject([{ file: 'gone.yaml', line: 5 }]);
    expect(results(planned)).toMatchObject([
      { cluster: 'gone.yaml', file: 'gone.yaml', result: 'refused' },
      { cluster: 'redis-cluster', result: 'planned' },
    ]);
    expect(commentAbout('topology.yaml')).toContain('**Next:** merge');
    for (const words of ['Unknown key', 'Rebalances the shards']) expect(planned.summary).toContain(words);
  });

  test('is told in the comment, in place of the plan of an earlier commit', async () => {
    await repository.run(pullRequest(7), { topology: HEAVY });
    const broken = await repository.run(pullRequest(7, { action: 'synchronize' }), { topology: BROKEN });
    expect(broken.outputs['comment-url']).not.toBe('');
    expect(commentAbout('topology.yaml')).toContain('Unknown key');
    expect(commentAbout('topology.yaml')).not.toContain('**Next:** merge');
    repository.merge(7, [commit(1)]);
    expect((await repository.run(push([commit(1)]), { topology: HEAVY })).outputs['result']).toBe('refused');
  });

  test('keeps no other cluster from its apply', async () => {
    await repository.run(pullRequest(7), { topology: HEAVY });
    repository.merge(7, [commit(1)]);
    const applied = await repository.run(push([commit(1)]), { topology: both });
    expect(results(applied)).toMatchObject([{ result: 'refused' }, { result: 'applied' }]);
    expect(applied.red).toBe(true);
  });
});

test('a file that is named and not there any more is warned of, and keeps no other cluster from its apply', async () => {
  await repository.run(pullRequest(7), { topology: HEAVY });
  repository.merge(7, [commit(1)]);
  const inputs = { topology: 'deleted.yaml\ntopology.yaml' };
  const applied = await repository.run(push([commit(1)]), { topology: HEAVY, inputs });
  expect(applied).toMatchObject({ red: false, outputs: { result: 'applied' } });
  expect(applied.warnings).toEqual([expect.stringContaining('No file matches "deleted.yaml"')]);
});
