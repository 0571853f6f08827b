import { describe, expect, test } from '@jest/globals';
import { leaseName } from '../../src/engine/lock.ts';
import type { FakeIssue } from '../support/fake-github-state.ts';
import { EVEN, type LocalRepository, type LocalRun, shares, withLocalRepository } from './support/local-repository.ts';

const HEAVY = shares([2, 1, 1]);
const HEAVIER = shares([4, 1, 1]);
const SIGNAL = new AbortController().signal;

let repository: LocalRepository;

withLocalRepository((created) => {
  repository = created;
});

function drift(topology: string, inputs: Readonly<Record<string, string>> = {}): Promise<LocalRun> {
  return repository.run({ name: 'schedule' }, { topology, inputs });
}

/** What GitHub was asked to change while something was done. */
async function changesOf(work: () => Promise<unknown>): Promise<readonly string[]> {
  const before = repository.github.requests.length;
  await work();
  const lines = repository.github.requests.slice(before).map(({ line }) => line);
  return lines.filter((line) => /^(POST|PATCH|PUT|DELETE) \/repos/.test(line));
}

function issue(): FakeIssue | undefined {
  return repository.github.issues[0];
}

/** Of the server that is to get slots; `0` is without. */
async function limitMemory(bytes: string): Promise<void> {
  await repository.platform.call('redis-cluster-0', ['CONFIG', 'SET', 'maxmemory', bytes]);
}

/** Takes the lock of the cluster, or gives it back. */
async function hold(holder: string): Promise<void> {
  const { kubernetes, place } = repository.platform;
  const name = leaseName('redis-cluster');
  const version = (await kubernetes.readLease(place, name, { signal: SIGNAL }))?.version ?? null;
  const lease = { holder, token: holder, seconds: 30, note: '' };
  expect(await kubernetes.writeLease(place, name, lease, { version, signal: SIGNAL })).toBe('written');
}

describe('the issue of a cluster that has drifted', () => {
  test('opens with a label and a table, stays while nothing changes, follows, closes with a word and opens again', async () => {
    const { github } = repository;
    const found = await drift(HEAVY);
    expect(found).toMatchObject({ red: false, outputs: { result: 'drifted', drift: 'true', 'failure-reason': '' } });
    expect(found.outputs['issue-url']).toMatch(/issues\/\d+$/);
    expect(issue()).toMatchObject({ state: 'open', labels: ['redis-cluster-drift'] });
    expect(issue()?.body).toContain('| Primary | Slots before | Slots after | Change |');

    expect(await changesOf(() => drift(HEAVY))).toEqual([]);
    expect(await changesOf(() => drift(HEAVIER))).toEqual([expect.stringMatching(/^PATCH .*\/issues\/\d+$/)]);

    const well = await drift(EVEN);
    expect(well).toMatchObject({ red: false, outputs: { result: 'in-sync', drift: 'false' } });
    expect(issue()?.state).toBe('closed');
    expect(github.comments).toMatchObject([
      { on: issue()?.number, body: expect.stringContaining('declares it again') },
    ]);
    expect(await changesOf(() => drift(EVEN))).toEqual([]);

    await drift(HEAVY);
    expect(github.issues).toMatchObject([{ state: 'open' }]);
    expect(github.comments).toHaveLength(1);
  });

  test('is found again when somebody has taken its label away', async () => {
    await drift(HEAVY);
    issue()?.labels.splice(0);
    await drift(HEAVIER);
    expect(repository.github.issues).toMatchObject([{ state: 'open', body: expect.stringContaining('Slots after') }]);
    await drift(EVEN);
    expect(repository.github.issues).toMatchObject([{ state: 'closed', labels: [] }]);
  });

  test('opens again when somebody closes it, unless as not planned: then when something else is seen', async () => {
    await drift(HEAVY);
    const closeAs = (reason: string) => Object.assign(issue() ?? {}, { state: 'closed', reason });
    closeAs('completed');
    await drift(HEAVY);
    expect(issue()?.state).toBe('open');
    closeAs('not_planned');
    expect(await changesOf(() => drift(HEAVY))).toEqual([]);
    expect(issue()?.state).toBe('closed');
    await drift(HEAVIER);
    expect(repository.github.issues).toMatchObject([{ state: 'open' }]);
  });

  test('is not edited, nor opened again after "not planned", when only figures have changed', async () => {
    await limitMemory('1000000');
    const first = await drift(HEAVY);
    expect(issue()?.body).toMatch(/redis-cluster-0 would hold about \d+ MB of 1 MB/);
    await limitMemory('0');
    await repository.platform.call('redis-cluster-0', ['SET', 'bar', 'x'.repeat(9_000_000)]);
    await limitMemory('1000000');
    let later = first;
    const again = async () => {
      later = await drift(HEAVY);
    };
    expect(await changesOf(again)).toEqual([]);
    expect(later.outputs['summary']).toMatch(/redis-cluster-0 would hold about \d+ MB of 1 MB/);
    expect(later.outputs['summary']).not.toBe(first.outputs['summary']);
    Object.assign(issue() ?? {}, { state: 'closed', reason: 'not_planned' });
    expect(await changesOf(() => drift(HEAVY))).toEqual([]);
    await limitMemory('0');
    await drift(HEAVY);
    expect(issue()).toMatchObject({ state: 'open', body: expect.not.stringContaining('would hold') });
    await repository.platform.call('redis-cluster-0', ['DEL', 'bar']);
  });

  test('is none of `drift-issue: false`, and `fail-on-drift` makes the run red, unless it only shows the `status`', async () => {
    const red = await drift(HEAVY, { 'drift-issue': 'false', 'fail-on-drift': 'true' });
    expect(red).toMatchObject({
      red: true,
      outputs: { result: 'drifted', 'failure-reason': 'drift', 'issue-url': '' },
    });
    expect(repository.github.issues).toEqual([]);
    const shown = await drift(HEAVY, { command: 'status', 'fail-on-drift': 'true' });
    expect(shown).toMatchObject({ red: false, outputs: { result: 'drifted', 'failure-reason': '' } });
  });

  test.each([
    ['the permission', { status: 403, message: 'Resource not accessible by integration' }, /`issues: write`/],
    ['issues at all', { status: 410, message: 'Issues has been disabled in this repository.' }, /Turn issues on/],
  ] as const)('that cannot be kept for want of %s is a warning that says so', async (_, fault, words) => {
    repository.github.faults.push({ on: /\/issues/, ...fault });
    const found = await drift(HEAVY);
    expect(found).toMatchObject({ red: false, outputs: { result: 'drifted', 'issue-url': '' } });
    expect(found.warnings).toEqual([expect.stringMatching(/^The issue about redis-cluster could not be kept: /)]);
    expect(found.warnings.join()).toMatch(words);
  });

  test('is left as it is while an apply is under way', async () => {
    await drift(HEAVY);
    await hold('https://github.test/runs/1');
    const during = await drift(EVEN);
    expect(during.log.join('\n')).toContain('An apply is under way');
    expect(issue()?.state).toBe('open');
    await hold('');
    await drift(EVEN);
    expect(issue()?.state).toBe('closed');
  });

  test('is not opened about an apply that began while the cluster was looked at', async () => {
    const { kubernetes } = repository.platform;
    const look = kubernetes.look.bind(kubernetes);
    kubernetes.look = async (...what) => {
      await hold('https://github.test/runs/2');
      return look(...what);
    };
    try {
      const during = await drift(HEAVY);
      expect(during.log.join('\n')).toContain('An apply is under way');
      expect(repository.github.issues).toEqual([]);
    } finally {
      kubernetes.look = look;
      await hold('');
    }
  });
});

describe('a cluster that cannot be looked at', () => {
  test('fails the run, and its issue stays open as it is', async () => {
    await drift(HEAVY);
    const [pod] = repository.platform.pods();
    repository.platform.stop(pod?.name ?? '');
    let failed: LocalRun | null = null;
    const changes = await changesOf(async () => {
      failed = await drift(EVEN);
    });
    repository.platform.resume(pod?.name ?? '');
    expect(failed).toMatchObject({
      red: true,
      outputs: { result: 'failed', 'failure-reason': 'redis-unreachable', drift: 'false' },
    });
    expect(changes).toEqual([]);
    expect(issue()?.state).toBe('open');
  });
});
