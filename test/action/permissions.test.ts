import { describe, expect, test } from '@jest/globals';
import type { Permissions } from '../support/fake-github-state.ts';
import { commit, pullRequest, push } from './support/events.ts';
import { EVEN, type LocalRepository, shares, withLocalRepository } from './support/local-repository.ts';

/** What docs/permissions.md says that each command needs. */
const PLAN: Permissions = { contents: 'read', 'pull-requests': 'write' };
const DRIFT: Permissions = { contents: 'read', issues: 'write' };

const HEAVY = shares([2, 1, 1]);

let repository: LocalRepository;

withLocalRepository((created) => {
  repository = created;
});

describe('the permissions of the docs are enough', () => {
  test('for a plan and its apply', async () => {
    repository.github.permissions = PLAN;
    expect((await repository.run(pullRequest(7), { topology: HEAVY })).warnings).toEqual([]);
    repository.merge(7, [commit(1)]);
    const applied = await repository.run(push([commit(1)]), { topology: HEAVY });
    expect({ result: applied.outputs['result'], warnings: applied.warnings }).toEqual({
      result: 'applied',
      warnings: [],
    });
    expect(repository.comment(7)).toContain('✅ **Applied');
  });

  test('for an apply that writes no comment', async () => {
    await repository.run(pullRequest(7), { topology: HEAVY });
    repository.merge(7, [commit(1)]);
    repository.github.permissions = { contents: 'read', 'pull-requests': 'read' };
    const applied = await repository.run(push([commit(1)]), { topology: HEAVY, inputs: { comment: 'false' } });
    expect({ result: applied.outputs['result'], warnings: applied.warnings }).toEqual({
      result: 'applied',
      warnings: [],
    });
  });

  test('for drift', async () => {
    repository.github.permissions = DRIFT;
    for (const topology of [HEAVY, EVEN, HEAVY]) {
      expect((await repository.run({ name: 'schedule' }, { topology })).warnings).toEqual([]);
    }
    expect(repository.github.issues).toMatchObject([{ state: 'open' }]);
  });
});

describe('a permission that is missing is named', () => {
  test.each<[string, Permissions, RegExp]>([
    ['pull-requests: write', { contents: 'read', 'pull-requests': 'read' }, /comment on pull request 7/],
    ['pull-requests: read', { contents: 'read' }, /read the comments of pull request 7/],
  ])('%s, by a plan that stands all the same', async (permission, permissions, doing) => {
    repository.github.permissions = permissions;
    const planned = await repository.run(pullRequest(7), { topology: HEAVY });
    expect(planned).toMatchObject({ red: false, outputs: { result: 'planned', 'comment-url': '' } });
    expect(planned.warnings).toEqual([expect.stringMatching(doing)]);
    expect(planned.warnings.join()).toContain(`\`${permission}\``);
  });

  test('contents: read, by a plan that may not be made without', async () => {
    repository.github.permissions = { 'pull-requests': 'write' };
    const failed = await repository.run(pullRequest(7), { topology: HEAVY });
    expect(failed.outputs).toMatchObject({ result: 'failed', 'failure-reason': 'github-error' });
    expect(failed.log.join('\n')).toContain('`contents: read`');
  });

  test('pull-requests: read, by an apply that changes nothing', async () => {
    repository.github.permissions = { contents: 'read' };
    const failed = await repository.run(push([commit(1)]), { topology: HEAVY });
    expect(failed.outputs).toMatchObject({
      result: 'failed',
      'failure-reason': 'approval-unreadable',
      changed: 'false',
    });
    expect(failed.log.join('\n')).toContain('`pull-requests: read`');
  });
});
