import { describe, expect, test } from '@jest/globals';
import { PASSWORD } from '../support/confidential.ts';
import type { ActionEvent } from '../support/run-action.ts';
import {
  BASE,
  commit,
  HEAD,
  issueComment,
  mergeGroup,
  other,
  pullRequest,
  push,
  workflowRun,
} from './support/events.ts';
import { EVEN, type LocalRepository, type LocalRun, shares, withLocalRepository } from './support/local-repository.ts';

const HEAVY = shares([2, 1, 1]);
const ELSEWHERE = HEAVY.replace('namespace: local', 'namespace: trap');

const NOT = 'Resource not accessible by integration';

let repository: LocalRepository;

withLocalRepository((created) => {
  repository = created;
});

function run(event: ActionEvent, topology: string, inputs: Readonly<Record<string, string>> = {}): Promise<LocalRun> {
  return repository.run(event, { topology, inputs });
}

describe('a pull request', () => {
  test('has one comment, which follows it until there is nothing to do', async () => {
    await run(pullRequest(7), HEAVY);
    expect(repository.comment(7)).toContain('Rebalances the shards');
    await run(pullRequest(7, { action: 'synchronize' }), shares([4, 1, 1]));
    await run(pullRequest(7, { action: 'reopened' }), shares([4, 1, 1]));
    const empty = await run(pullRequest(7, { action: 'synchronize' }), EVEN);
    expect(empty.outputs).toMatchObject({ result: 'no-changes', drift: 'false' });
    expect(repository.comment(7)).not.toContain('Rebalances');
    expect(repository.comment(7)).not.toContain('**Next:**');
    expect(repository.github.comments).toHaveLength(1);
  });

  test('that is closed leaves its comment as history, and nothing is looked at', async () => {
    await run(pullRequest(7), HEAVY);
    const before = repository.comment(7);
    repository.reached.length = 0;
    const closed = await run(pullRequest(7, { action: 'closed' }), shares([4, 1, 1]));
    expect(closed).toMatchObject({ red: false, outputs: { result: 'no-changes', 'comment-url': '' } });
    expect(repository.comment(7)).toBe(before);
    expect(repository.reached).toEqual([]);
  });

  test('that cannot be planned any more says so, in place of the plan of an earlier commit', async () => {
    await run(pullRequest(7), HEAVY);
    repository.github.faults.push({ on: /contents/, status: 403, message: NOT });
    const failed = await run(pullRequest(7, { action: 'synchronize' }), HEAVY);
    expect(failed.outputs).toMatchObject({ result: 'failed', 'failure-reason': 'github-error' });
    expect(failed.outputs['comment-url']).not.toBe('');
    expect(repository.comment(7)).toContain('No plan could be made');
    expect(repository.comment(7)).toContain('contents: read');
  });

  test('that says where to look is not followed: its comment shows the danger, and nothing is connected to', async () => {
    await run(pullRequest(7), HEAVY);
    repository.reached.length = 0;
    const offline = await run(pullRequest(7, { action: 'synchronize' }), ELSEWHERE);
    expect(offline).toMatchObject({ red: false, outputs: { result: 'planned', 'plan-hash': '' } });
    expect(repository.reached).toEqual([]);
    expect(repository.comment(7)).toContain('> [!CAUTION]');
    expect(repository.comment(7)).toContain('trap/redis-cluster:6379');
    repository.merge(7, [commit(1)]);
    expect((await run(push([commit(1)]), HEAVY)).outputs['failure-reason']).toBe('plan-not-approved');
  });

  test.each([
    ['is not followed by what an unprotected branch says, which anybody who may push can have made', false],
    ['is followed by what a protected branch says', true],
  ])('that is stacked on another %s', async (_, isProtected) => {
    const { github, reached } = repository;
    for (const ref of [BASE, 'feature']) github.files.set(`${ref}:topology.yaml`, ELSEWHERE);
    if (isProtected) github.protectedBranches.add('feature');
    const stacked = await run(pullRequest(7, { base: 'feature' }), ELSEWHERE);
    github.files.set(`${BASE}:topology.yaml`, EVEN);
    github.files.delete('feature:topology.yaml');
    expect(reached).toEqual(isProtected ? ['redis-cluster'] : []);
    if (!isProtected) expect(stacked.summary).toContain('made feature, which is not protected');
  });

  test('without a token to read the base with has its credentials kept back, and the reason is told', async () => {
    const kept = await run(pullRequest(7), HEAVY, { 'github-token': '', 'redis-password': PASSWORD });
    expect(kept).toMatchObject({ red: false, outputs: { result: 'planned', 'plan-hash': '' } });
    expect(kept.summary).toContain('Without \\`github-token\\` nobody can see');
  });

  test('with a file that is new is planned with a password only where nothing is there yet', async () => {
    repository.github.files.delete(`${BASE}:topology.yaml`);
    repository.github.files.set(`${BASE}:README.md`, '');
    const open = await run(pullRequest(7), HEAVY);
    expect(open.outputs['plan-hash']).not.toBe('');
    const secret = await run(pullRequest(7), HEAVY, { 'redis-password': PASSWORD });
    expect(secret).toMatchObject({ red: false, outputs: { result: 'planned', 'plan-hash': '' } });
    repository.github.files.set(`${BASE}:topology.yaml`, EVEN);
  });

  test.each([
    ['a fork', { from: 'mallory/cache' }],
    ['Dependabot under pull_request_target', { author: 'dependabot[bot]', event: 'pull_request_target' }],
    ['Dependabot', { author: 'dependabot[bot]' }],
  ] as const)('from %s gets an offline plan in the summary, and no more', async (_, from) => {
    repository.github.faults.push({
      on: /^(POST|PATCH)/,
      status: 403,
      message: NOT,
    });
    const before = repository.github.requests.length;
    const offline = await run(pullRequest(7, from), shares([1, 1, 1, 1]));
    expect(offline).toMatchObject({ red: false, outputs: { result: 'planned', 'failure-reason': '' } });
    expect(offline.summary).toContain('| Shards | 3 | **4** |');
    expect(repository.reached).toEqual([]);
    const asked = repository.github.requests.slice(before).map(({ line }) => line);
    expect(asked.filter((line) => !line.startsWith('GET '))).toEqual([]);
  });

  test('from a fork has no secrets, and what its workflow says in clear is no mistake then', async () => {
    const inputs = { 'redis-username': 'app', 'redis-password': '', 'redis-server-name': 'redis.local' };
    const offline = await run(pullRequest(7, { from: 'mallory/cache' }), HEAVY, inputs);
    expect(offline).toMatchObject({ red: false, outputs: { result: 'planned', 'failure-reason': '' } });
  });

  test('from a fork stays green when its token may not read the base', async () => {
    repository.github.faults.push({ on: /contents/, status: 403, message: NOT });
    const offline = await run(pullRequest(7, { from: 'mallory/cache' }), HEAVY);
    expect(offline).toMatchObject({ red: false, outputs: { result: 'planned' } });
    expect(offline.warnings.join('\n')).toContain('is not shown');
  });

  test.each(['apply', 'drift', 'status'])('lets %s look no further than a plan would', async (command) => {
    for (const [event, topology] of [
      [pullRequest(7, { from: 'mallory/cache' }), HEAVY],
      [pullRequest(7), ELSEWHERE],
    ] as const) {
      const refused = await run(event, topology, { command });
      expect(refused.outputs).toMatchObject({ result: 'refused', 'failure-reason': 'untrusted-pull-request' });
    }
    expect(repository.reached).toEqual([]);
  });
});

describe('an apply on the event pull_request', () => {
  const before = { command: 'apply' };

  test.each([{}, { 'require-approved-plan': 'false' }, { 'approved-plan': '0123456789ab' }])(
    'is refused for a fork before anything is asked or reached (%j)',
    async (inputs) => {
      const { length } = repository.github.requests;
      const secrets = { 'redis-password': PASSWORD, allow: 'destroy' };
      const refused = await run(pullRequest(7, { from: 'mallory/cache' }), HEAVY, { ...before, ...secrets, ...inputs });
      expect(refused.outputs).toMatchObject({ result: 'refused', 'failure-reason': 'untrusted-pull-request' });
      expect(repository.reached).toEqual([]);
      expect(repository.github.requests.slice(length)).toEqual([]);
    },
  );

  test('warns that nobody has merged what it applies', async () => {
    const applied = await run(pullRequest(7), HEAVY, before);
    expect(applied.outputs['result']).toBe('applied');
    expect(applied.placed).toEqual([expect.stringMatching(/^topology\.yaml:1 .* pull request 7 .* is not merged/)]);
  });

  test('warns of a pull request that was closed and not merged', async () => {
    const { warnings } = await run(pullRequest(7, { action: 'closed' }), HEAVY, before);
    expect(warnings).toEqual([expect.stringContaining('is not merged')]);
  });

  test('is quiet where there is nothing to do, and of a merged one', async () => {
    const merged = pullRequest(7, { action: 'closed', merged: true });
    expect((await run(pullRequest(7), EVEN, before)).warnings).toEqual([]);
    expect((await run(merged, HEAVY, before)).warnings).toEqual([]);
  });

  test('changes nothing where an approved plan is asked for, even one that the pull request shows', async () => {
    await run(pullRequest(7), HEAVY);
    const refused = await run(pullRequest(7), HEAVY, { ...before, 'require-approved-plan': 'true' });
    expect(refused.outputs).toMatchObject({ 'failure-reason': 'plan-not-approved', changed: 'false' });
    expect(repository.comment(7)).toContain('**Next:** merge');
  });
});

describe('topology.yaml in a pull request', () => {
  test('is marked where it brings a danger about', async () => {
    await repository.make(shares([1, 1, 1, 1]));
    const planned = await run(pullRequest(7), shares([1, 1, 1], 'volumes: {onScaleDown: delete}'));
    expect(planned.red).toBe(false);
    expect(planned.placed).toEqual([expect.stringMatching(/^topology\.yaml:5 .*[Vv]olume/)]);
  });

  test('is marked where it says where to look', async () => {
    const offline = await run(pullRequest(7), ELSEWHERE);
    expect(offline.placed).toEqual([expect.stringMatching(/^topology\.yaml:2 .*kubernetes\.namespace/)]);
  });

  test('is marked where a refusal comes from', async () => {
    const atomic = shares([2, 1, 1], 'migration: {method: atomic}');
    expect((await run(pullRequest(7), atomic)).annotations).toMatchObject([{ file: 'topology.yaml', line: 5 }]);
    const refused = await run(push([commit(1)]), HEAVY);
    expect(refused.annotations).toMatchObject([{ file: 'topology.yaml', line: 1 }]);
  });
});

describe('an event that anybody can cause', () => {
  test.each([
    other('issues'),
    other('discussion_comment'),
    other('commit_comment'),
    other('watch'),
    workflowRun('issues'),
    pullRequest(7, { event: 'pull_request_target' }),
  ])('applies nothing: $name', async (event) => {
    for (const inputs of [{}, { 'approved-plan': '0123456789ab' }]) {
      const refused = await run(event, HEAVY, { command: 'apply', ...inputs });
      expect(refused.outputs).toMatchObject({ result: 'refused', 'failure-reason': 'untrusted-pull-request' });
    }
    expect(repository.reached).toEqual([]);
  });

  test('of pull_request_target plans no files but those of the head', async () => {
    const event = pullRequest(7, { event: 'pull_request_target' });
    repository.github.files.set(`${HEAD}:topology.yaml`, HEAVY);
    const ofBase = await run(event, EVEN);
    expect(ofBase.outputs).toMatchObject({ result: 'refused', 'failure-reason': 'untrusted-pull-request' });
    expect(repository.comment(7)).toContain('`pull_request_target` runs on the files of the base branch');
    expect((await run(event, HEAVY)).outputs['result']).toBe('planned');
    repository.github.files.delete(`${HEAD}:topology.yaml`);
  });
});

describe('an event that is refused in words', () => {
  test.each<[string, ActionEvent, RegExp]>([
    ['issue_comment', issueComment(7), /issue_comment runs with the secrets/],
    [
      'workflow_run after a pull request, be it of this repository',
      workflowRun('pull_request', 'change'),
      /workflow_run runs with the secrets of the default branch/,
    ],
    [
      'pull_request_target with the head of a fork',
      pullRequest(7, { from: 'mallory/cache', event: 'pull_request_target' }),
      /pull request 7 comes from a fork/,
    ],
  ])('is %s', async (_, event, words) => {
    await expect(run(event, HEAVY)).rejects.toMatchObject({
      code: 'untrusted-pull-request',
      message: expect.stringMatching(words),
    });
    expect(repository.reached).toEqual([]);
  });
});

/** What a merge queue pushes to a branch of its own. */
function queuePush(number: number): ActionEvent {
  return push([commit(900)], `refs/heads/gh-readonly-queue/main/pr-${number}-${BASE}`);
}

describe('a merge queue', () => {
  test('gets a plan in the summary and no comment', async () => {
    await run(pullRequest(7), HEAVY);
    const before = repository.comment(7);
    const planned = await run(mergeGroup(7), shares([4, 1, 1]));
    expect(planned).toMatchObject({ red: false, outputs: { result: 'planned', 'comment-url': '' } });
    expect(planned.summary).toContain('Rebalances the shards');
    expect(repository.comment(7)).toBe(before);
  });

  test('gets nothing applied', async () => {
    await run(pullRequest(7), HEAVY);
    const refused = await run(mergeGroup(7), HEAVY, { command: 'apply' });
    expect(refused.outputs).toMatchObject({
      result: 'refused',
      'failure-reason': 'plan-not-approved',
      changed: 'false',
    });
  });

  test.each([mergeGroup(7), queuePush(7)])('gets nothing applied without an approval either: $name', async (event) => {
    const refused = await run(event, HEAVY, { command: 'apply', 'require-approved-plan': 'false' });
    expect(refused.outputs).toMatchObject({ 'failure-reason': 'plan-not-approved', changed: 'false' });
    expect(repository.reached).toEqual([]);
  });

  test.each([mergeGroup(7), queuePush(7)])(
    'is not followed to another cluster before the merge: $name',
    async (event) => {
      const offline = await run(event, ELSEWHERE);
      expect(offline).toMatchObject({ red: false, outputs: { result: 'planned', 'plan-hash': '' } });
      expect(offline.summary).toContain('This merge group changes where the cluster is');
      expect(repository.reached).toEqual([]);
    },
  );
});

describe('what `auto` is', () => {
  test.each<[string, ActionEvent, string]>([
    ['schedule', { name: 'schedule' }, 'drifted'],
    ['workflow_dispatch', { name: 'workflow_dispatch' }, 'planned'],
    ['merge_group', mergeGroup(7), 'planned'],
    ['workflow_run after a push', workflowRun('push'), 'planned'],
    ['repository_dispatch', { name: 'repository_dispatch' }, 'planned'],
    ['push', push([commit(1)]), 'refused'],
  ])('on %s', async (_, event, result) => {
    expect((await run(event, HEAVY)).outputs['result']).toBe(result);
  });
});
