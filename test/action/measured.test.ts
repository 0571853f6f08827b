import { describe, expect, test } from '@jest/globals';
import { PASSWORD } from '../support/confidential.ts';
import { again, BASE, commit, pullRequest, push } from './support/events.ts';
import { EVEN, type LocalRepository, type LocalRun, shares, withLocalRepository } from './support/local-repository.ts';

const HEAVY = shares([2, 1, 1]);
const ELSEWHERE = HEAVY.replace('namespace: local', 'namespace: trap');

let repository: LocalRepository;

withLocalRepository((created) => {
  repository = created;
});

/** `actions/checkout` with `path: repo`. @param of the repository that is checked out there */
function inFolder(topology: string, of = 'acme/cache') {
  const config = `[remote "origin"]\n\turl = https://github.com/${of}\n`;
  return { 'repo/topology.yaml': topology, 'repo/.git/config': config };
}

/** The plan of a pull request, with a password that is to go nowhere but where people have agreed to. */
function plan(topology: string | Readonly<Record<string, string>>): Promise<LocalRun> {
  const named = typeof topology === 'string' ? 'topology.yaml' : 'repo/topology.yaml';
  return repository.run(pullRequest(7), { topology, inputs: { topology: named, 'redis-password': PASSWORD } });
}

describe('a file that nothing tells of what people have agreed to', () => {
  test('is said to be new only where it is', async () => {
    const { files } = repository.github;
    files.set(`${BASE}:README.md`, '');
    files.delete(`${BASE}:topology.yaml`);
    expect((await plan(HEAVY)).outputs['summary']).toContain('topology.yaml is new, so it may not yet say where');
    files.set(`${BASE}:topology.yaml`, 'shards: three');
    const mistaken = await plan(HEAVY);
    expect(mistaken).toMatchObject({ red: false, outputs: { result: 'planned', 'plan-hash': '' } });
    expect(mistaken.outputs['summary']).toContain('topology.yaml has mistakes in the branch that this is measured by');
    files.set(`${BASE}:topology.yaml`, EVEN);
  });

  test('is said to be in the checkout of another repository', async () => {
    const { outputs } = await plan(inFolder(HEAVY, 'acme/clusters'));
    expect(outputs).toMatchObject({ result: 'planned', 'plan-hash': '' });
    expect(outputs['summary']).toContain('repo/topology.yaml lies in the checkout of another repository');
  });

  test('is not applied by a run that is started again, which cannot see whether it has gone on', async () => {
    const step = { topology: inFolder(HEAVY, 'acme/clusters'), inputs: { topology: 'repo/topology.yaml' } };
    const { outputs } = await repository.run(again(push([commit(1)])), step);
    expect(outputs).toMatchObject({ result: 'refused', 'failure-reason': 'plan-not-approved' });
    expect(outputs['summary']).toContain(
      'this run was started again (attempt 2), and repo/topology.yaml lies in the checkout of another repository',
    );
  });
});

describe('a checkout in a folder', () => {
  test('is measured by what the repository has, which has no such folder', async () => {
    const { outputs } = await plan(inFolder(ELSEWHERE));
    expect(outputs['summary']).toContain('This pull request changes where the cluster is (kubernetes.namespace)');
  });

  test('hears of the topology files that its pull request deletes, which GitHub names without the folder', async () => {
    const { github } = repository;
    github.files.set(`${BASE}:other.yaml`, EVEN.replace('statefulSet: redis-cluster', 'statefulSet: other'));
    github.changedFiles.set(7, [{ filename: 'other.yaml', status: 'removed' }]);
    const inputs = { topology: 'repo/*.yaml' };
    const { summary } = await repository.run(pullRequest(7), { topology: inFolder(HEAVY), inputs });
    expect(summary).toContain('this pull request deletes `repo/other.yaml`');
  });

  test('is applied as approved, also by a run that is started again', async () => {
    const inputs = { topology: 'repo/topology.yaml' };
    await repository.run(pullRequest(7), { topology: inFolder(HEAVY), inputs });
    repository.merge(7, [commit(1)]);
    repository.github.files.set('main:topology.yaml', HEAVY);
    const applied = await repository.run(again(push([commit(1)])), { topology: inFolder(HEAVY), inputs });
    expect(applied.outputs['result']).toBe('applied');
  });
});
