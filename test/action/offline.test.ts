import { afterEach, describe, expect, test } from '@jest/globals';
import { BASE, HEAD, pullRequest } from './support/events.ts';
import { EVEN, type LocalRepository, shares, withLocalRepository } from './support/local-repository.ts';

const HEAVY = shares([2, 1, 1]);
const FORK = { from: 'mallory/cache' } as const;

let repository: LocalRepository;

withLocalRepository((created) => {
  repository = created;
});

afterEach(() => {
  repository.github.files.set(`${BASE}:topology.yaml`, EVEN);
});

/** The first shard has these slots, and no others. */
function withSlots(slots: string): string {
  return EVEN.replace(/shards: .*/, `shards: [{slots: ${slots}}, {weight: 1}, {weight: 1}]`);
}

/** The summary of a pull request that nobody looks at the cluster for. */
async function summaryOf(topology: string): Promise<string> {
  const offline = await repository.run(pullRequest(7, FORK), { topology });
  expect(offline).toMatchObject({ red: false, outputs: { result: 'planned', 'plan-hash': '' } });
  expect(repository.reached).toEqual([]);
  return offline.summary;
}

describe('a plan without a look at the cluster', () => {
  test('says what the change of the file means', async () => {
    expect(await summaryOf(shares([1, 1, 1, 1]))).toContain(
      '**Adds 1 shard: about 4,096 of 16,384 slots move, 3 → 4 pods.**',
    );
  });

  test.each([
    ['name: other', '| Name | redis-cluster | **other** |'],
    ['tolerance: 5%', '| Tolerance | 2% | **5%** |'],
    ['placement: {whenUnsatisfiable: fail}', '| Where pods cannot be spread so | warn | **fail** |'],
    ['migration: {method: classic}', '| Method of moving slots | auto | **classic** |'],
    ['migration: {maxLatency: 5ms}', '| Highest latency while slots move | 20 ms | **5 ms** |'],
  ])('shows a change to %s', async (line, row) => {
    expect(await summaryOf(`${EVEN}${line}\n`)).toContain(row);
  });

  test('shows a change of which slots a shard has, where their number stays', async () => {
    repository.github.files.set(`${BASE}:topology.yaml`, withSlots('0-99'));
    expect(await summaryOf(withSlots('100-199'))).toContain('**100-199 · 8,142 · 8,142**');
  });

  test('warns that volumes are to be deleted', async () => {
    expect(await summaryOf(`${EVEN}volumes: {onScaleDown: delete}\n`)).toMatch(
      /> \[!CAUTION\]\n> - Volumes of pods that go from now on are deleted .* needs `allow: delete-volumes`\./,
    );
  });

  test('says of a new file that it is new', async () => {
    repository.github.files.delete(`${BASE}:topology.yaml`);
    repository.github.files.set(`${BASE}:README.md`, '');
    expect(await summaryOf(HEAVY)).toContain('**The file is new and declares a cluster of 3 shards');
  });

  test('does not take one for new that has mistakes in the base branch', async () => {
    repository.github.files.set(`${BASE}:topology.yaml`, 'version: 2');
    const summary = await summaryOf(HEAVY);
    expect(summary).toContain('in the base branch the file has mistakes, so what changes is not known');
    expect(summary).not.toContain('new');
  });

  test('does not take one for new that cannot be read in the base branch, and says why', async () => {
    repository.github.faults.push({ on: /contents/, status: 403, message: 'Resource not accessible by integration' });
    const summary = await summaryOf(HEAVY);
    expect(summary).toMatch(/> What the base branch has is not shown: .*not accessible/);
    expect(summary).toContain('what changes is not known.**');
    expect(summary).not.toContain('new');
  });

  test('leads to its run and commit from its comment', async () => {
    await repository.run(pullRequest(7), { topology: HEAVY.replace('namespace: local', 'namespace: trap') });
    const footer = repository.comment(7).split('\n').at(-1);
    expect(footer).toContain(`https://github.test/acme/cache/commit/${HEAD}`);
    expect(footer).toMatch(/\[run\]\(https:\/\/github\.test\/acme\/cache\/actions\/runs\/\d+\/attempts\/1\)/);
  });
});
