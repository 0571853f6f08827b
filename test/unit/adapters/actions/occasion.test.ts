import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readOccasion } from '../../../../src/adapters/actions/occasion.ts';

const HERE = { full_name: 'acme/cache' };
const FORK = { full_name: 'mallory/cache' };

let root: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'occasion-'));
});

afterAll(async () => {
  await rm(root, { recursive: true });
});

interface Pull {
  readonly from?: { readonly full_name: string } | null;
  readonly author?: string;
  readonly action?: string;
  readonly merged?: boolean;
  readonly base?: string;
}

function pull({
  from = HERE,
  author = 'octocat',
  action = 'opened',
  merged = false,
  base: ref = 'main',
}: Pull): object {
  const [head, base] = [
    { sha: 'head-commit', repo: from },
    { sha: 'base-commit', ref, repo: HERE },
  ];
  return { action, pull_request: { number: 7, merged, user: { login: author }, head, base } };
}

/** What `workflow_run` says of the run before it. */
function follower(event: string, head_branch: string | null) {
  return { workflow_run: { event, head_branch }, repository: { default_branch: 'main' } };
}

async function occasion(event: string, payload: unknown, more: Readonly<Record<string, string>> = {}) {
  const path = join(root, 'event.json');
  await writeFile(path, typeof payload === 'string' ? payload : JSON.stringify(payload));
  return readOccasion({
    GITHUB_EVENT_NAME: event,
    GITHUB_EVENT_PATH: path,
    GITHUB_SHA: 'merge-commit',
    GITHUB_REF: 'refs/heads/main',
    GITHUB_SERVER_URL: 'https://github.example',
    GITHUB_REPOSITORY: 'acme/cache',
    GITHUB_RUN_ID: '42',
    ...more,
  });
}

describe('what made a run happen', () => {
  test('is a pull request: its number, its base, and the commit that its people know', async () => {
    expect(await occasion('pull_request', pull({}), { GITHUB_REF: 'refs/pull/7/merge' })).toEqual({
      event: 'pull_request',
      trigger: 'pull_request',
      commit: 'head-commit',
      commits: ['head-commit'],
      branch: null,
      mergedTo: null,
      base: 'base-commit',
      aside: null,
      attempt: 1,
      runUrl: 'https://github.example/acme/cache/actions/runs/42/attempts/1',
      pullRequest: { number: 7, foreign: false, closed: false, merged: false },
    });
  });

  test.each<[string, Pull, boolean]>([
    ['this repository', {}, false],
    ['a fork', { from: FORK }, true],
    ['a fork that is gone', { from: null }, true],
    ['Dependabot', { author: 'dependabot[bot]' }, true],
  ])('is a pull request from %s', async (_, from, foreign) => {
    expect((await occasion('pull_request', pull(from))).pullRequest?.foreign).toBe(foreign);
  });

  test.each([true, false])('is a pull request that was closed (merged: %j)', async (merged) => {
    const { pullRequest, mergedTo } = await occasion('pull_request', pull({ action: 'closed', merged, base: 'trunk' }));
    expect(pullRequest).toMatchObject({ closed: true, merged });
    expect(mergedTo).toBe(merged ? 'trunk' : null);
  });

  test.each([
    ['a push to a branch', 'push', 'refs/heads/release/7', 'release/7', 'release/7'],
    ['a push of a tag', 'push', 'refs/tags/v1', null, null],
    ['a run by hand', 'workflow_dispatch', 'refs/heads/main', null, 'main'],
    ['a schedule', 'schedule', 'refs/heads/main', null, 'main'],
    ['a merge queue', 'merge_group', 'refs/heads/gh-readonly-queue/main/pr-7', null, null],
  ])('is %s', async (_, event, ref, branch, mergedTo) => {
    const payload = { action: null, ref, pull_request: null };
    expect(await occasion(event, payload, { GITHUB_REF: ref })).toMatchObject({
      event,
      branch,
      mergedTo,
      commit: 'merge-commit',
      pullRequest: null,
    });
  });

  test('is a push of several commits, of which the last is the newest', async () => {
    const payload = { commits: [{ id: 'first' }, { id: 'second' }, { id: 'merge-commit' }] };
    expect((await occasion('push', payload)).commits).toEqual(['merge-commit', 'second', 'first']);
  });

  test('is a merge queue, whose files are measured by the branch that it leads to', async () => {
    const merge_group = { head_sha: 'merge-commit', base_sha: 'of-another-group', base_ref: 'refs/heads/main' };
    expect(await occasion('merge_group', { action: 'checks_requested', merge_group })).toMatchObject({
      base: 'main',
      commits: ['merge-commit'],
    });
  });

  test.each([
    ['main', `refs/heads/gh-readonly-queue/main/pr-7-${'c'.repeat(40)}`],
    ['release/7', `refs/heads/gh-readonly-queue/release/7/pr-7-${'c'.repeat(40)}`],
    ['trunk', 'refs/heads/gh-readonly-queue/of-another-form'],
  ])('is a push of a merge queue, which is no push to a branch: it leads to %s', async (base, ref) => {
    const payload = { commits: [{ id: 'merge-commit' }], repository: { default_branch: 'trunk' } };
    expect(await occasion('push', payload, { GITHUB_REF: ref })).toMatchObject({ base, branch: null });
  });

  test('is not told where nobody can tell what a merge queue leads to', async () => {
    const ref = { GITHUB_REF: 'refs/heads/gh-readonly-queue/of-another-form' };
    await expect(occasion('push', {}, ref)).rejects.toMatchObject({ code: 'untrusted-pull-request' });
  });

  test('is a pull request to another branch than the default one', async () => {
    const payload = { ...pull({ base: 'feature' }), repository: { default_branch: 'main' } };
    expect((await occasion('pull_request', payload)).aside).toEqual({ branch: 'feature', defaultBranch: 'main' });
    const usual = { ...pull({ base: 'main' }), repository: { default_branch: 'main' } };
    expect((await occasion('pull_request', usual)).aside).toBeNull();
  });

  test('is what somebody caused, also where another run came between', async () => {
    expect(await occasion('workflow_run', follower('issues', 'main'))).toMatchObject({
      event: 'workflow_run',
      trigger: 'issues',
      base: null,
    });
  });

  test.each([
    ['a push to a branch that is not merged', follower('push', 'feature')],
    ['a merge queue', follower('merge_group', 'gh-readonly-queue/main/pr-7')],
    ['a tag', follower('release', 'v1')],
    ['nobody knows which branch', follower('push', null)],
    ['another one, which may be of anything', follower('workflow_run', 'main')],
  ])('is a run that follows one of %s: its files are measured by the default branch', async (_, payload) => {
    expect(await occasion('workflow_run', payload)).toMatchObject({ base: 'main', aside: null, pullRequest: null });
  });

  test('is not told where nobody can tell what the files of a run that follows another are measured by', async () => {
    const { workflow_run } = follower('push', 'feature');
    await expect(occasion('workflow_run', { workflow_run })).rejects.toMatchObject({ code: 'untrusted-pull-request' });
  });

  test('names the attempt of a run that was started again', async () => {
    const { runUrl, attempt } = await occasion('push', {}, { GITHUB_RUN_ATTEMPT: '3' });
    expect(attempt).toBe(3);
    expect(runUrl).toBe('https://github.example/acme/cache/actions/runs/42/attempts/3');
  });

  test('is a process where there is no GitHub', () => {
    expect(readOccasion({})).toEqual({
      event: '',
      trigger: '',
      commit: '',
      commits: [],
      branch: null,
      mergedTo: null,
      base: null,
      aside: null,
      attempt: 1,
      runUrl: `process ${process.pid}`,
      pullRequest: null,
    });
  });
});

describe('an event that is refused', () => {
  test('is pull_request_target for the head of a fork', async () => {
    await expect(occasion('pull_request_target', pull({ from: FORK }))).rejects.toMatchObject({
      code: 'untrusted-pull-request',
      message:
        'Refused: pull_request_target runs with the secrets of this repository, and pull request 7 comes from a fork.',
    });
    expect((await occasion('pull_request_target', pull({}))).pullRequest?.number).toBe(7);
  });

  test.each(['pull_request', 'pull_request_target', 'pull_request_review', 'pull_request_review_comment'])(
    'is workflow_run after %s, also of this repository: what it has is not merged',
    async (cause) => {
      for (const branch of ['feature', 'main']) {
        await expect(occasion('workflow_run', follower(cause, branch))).rejects.toMatchObject({
          code: 'untrusted-pull-request',
          message: `Refused: workflow_run runs with the secrets of the default branch, and the run that caused it is of a pull request (${cause}): credentials would go where the file of a branch says that is not merged.`,
          remedy: expect.stringContaining('Use the event pull_request to plan'),
        });
      }
    },
  );

  test('is issue_comment, whoever wrote it', async () => {
    await expect(occasion('issue_comment', { issue: { number: 7 } })).rejects.toMatchObject({
      code: 'untrusted-pull-request',
      remedy: expect.stringContaining('workflow_dispatch with `approved-plan`'),
    });
  });

  test.each([
    ['is no JSON', 'pull_request', '{'],
    ['has a pull request without a base', 'pull_request', { pull_request: { number: 7 } }],
  ])('is one whose payload %s', async (_, event, payload) => {
    await expect(occasion(event, payload)).rejects.toMatchObject({ code: 'invalid-input' });
  });
});
