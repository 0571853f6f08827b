import { describe, expect, test } from '@jest/globals';
import { hiddenLineOf } from '../../src/report/marker.ts';
import type { ActionEvent } from '../support/run-action.ts';
import { commit, pullRequest, push } from './support/events.ts';
import { EVEN, type LocalRepository, type LocalRun, shares, withLocalRepository } from './support/local-repository.ts';
import { HEAVIER, HEAVY, LIGHT, refusal, resultOf } from './support/merges.ts';

let repository: LocalRepository;

withLocalRepository((created) => {
  repository = created;
});

function run(event: ActionEvent, topology: string, inputs: Readonly<Record<string, string>> = {}): Promise<LocalRun> {
  return repository.run(event, { topology, inputs });
}

describe('a merged pull request', () => {
  test.each<[string, readonly string[], readonly string[]]>([
    ['a merge commit, with the commits that it merges', [commit(3)], [commit(1), commit(2), commit(3)]],
    ['one commit, squashed', [commit(3)], [commit(3)]],
    ['its commits, rebased', [commit(4), commit(5)], [commit(4), commit(5)]],
    ['a push of the merge queue, behind that of another one', [commit(6)], [commit(6), commit(7)]],
    ['a push of 30 commits, before others', [commit(8)], Array.from({ length: 30 }, (_, i) => commit(8 + i))],
  ])('has its plan applied when it comes as %s', async (_, known, pushed) => {
    const planned = await run(pullRequest(7), HEAVY);
    expect(planned.outputs['result']).toBe('planned');
    repository.merge(7, known);
    const applied = await run(push(pushed), HEAVY);
    expect(resultOf(applied)).toBe('applied');
    expect(applied.outputs['plan-hash']).toBe(planned.outputs['plan-hash']);
    expect(repository.comment(7)).toContain('✅ **Applied');
    expect(repository.github.comments).toHaveLength(1);
  });

  test('is waited for while GitHub does not know yet where the commit came from', async () => {
    await run(pullRequest(7), HEAVY);
    repository.github.pulls.push({ number: 7, base: 'main', merged: true, commits: [commit(1)], unknownFor: 3 });
    expect(resultOf(await run(push([commit(1)]), HEAVY))).toBe('applied');
    expect(repository.pauses).toEqual([2000, 4000, 8000]);
  });

  test('approves its plan, not another one, and the run says what differs', async () => {
    const planned = await run(pullRequest(7), HEAVY);
    repository.merge(7, [commit(1)]);
    const before = repository.comment(7);
    const refused = await run(push([commit(1)]), HEAVIER);
    const { reason, told } = refusal(refused);
    expect(reason).toBe('plan-changed');
    expect(told).toMatch(/#7: Changed: approved was "Move .* slots .*", now it is "Move .* slots .*"\./);
    expect(told).toContain(`approved-plan: ${refused.outputs['plan-hash']}`);
    expect(refused.outputs['plan-hash']).not.toBe(planned.outputs['plan-hash']);
    expect(refused.outputs['changed']).toBe('false');
    const [was, is] = [planned, refused].map(({ outputs }) => outputs['plan-hash']);
    expect(refused.summary).toContain(`plan \`${was}\` was shown in \`#7\`, now it is plan \`${is}\`.`);
    expect(refused.summary).toMatch(/\n```diff\n- Move .* slots .*\n\+ Move .* slots .*\n(.*\n)*```\n/);
    const turned = repository.comment(7);
    expect(hiddenLineOf(turned)).toBe(hiddenLineOf(before));
    expect(turned).not.toContain('**Next:** merge');
    expect(turned).toContain('**What would be done now is not the approved plan nor the rest of it.** Refused;');
    expect(turned).toContain(`plan \`${was}\` was shown in \`#7\`, now it is plan \`${is}\`.`);
    expect(turned).toMatch(new RegExp(`\\*\\*Next:\\*\\* Look at the plan .* \`approved-plan: ${is}\``));
    expect(refused.outputs['comment-url']).toContain('pull/7');
  });

  test('approves its plan where that was to be done, not the same steps elsewhere', async () => {
    await run(pullRequest(7), HEAVY);
    repository.merge(7, [commit(1)]);
    const elsewhere = HEAVY.replace(/statefulSet: [a-z-]+/, 'statefulSet: sessions');
    expect(elsewhere).not.toBe(HEAVY);
    const { reason, told } = refusal(await run(push([commit(1)]), elsewhere));
    expect(reason).toBe('plan-changed');
    expect(told).toMatch(
      /#7: Changed: approved was StatefulSet \S+ in namespace \S+, now it is StatefulSet sessions in/,
    );
  });

  test('whose cluster cannot be looked at tells so in its comment, and is applied by the retry', async () => {
    await run(pullRequest(7), HEAVY);
    repository.merge(7, [commit(1)]);
    const [pod] = repository.platform.pods();
    repository.platform.stop(pod?.name ?? '');
    const failed = await run(push([commit(1)]), HEAVY);
    repository.platform.resume(pod?.name ?? '');
    expect(failed.outputs).toMatchObject({ result: 'failed', changed: 'false' });
    expect(repository.comment(7)).toContain('nothing was changed');
    expect(repository.comment(7)).not.toContain('**Next:** merge');
    expect(resultOf(await run(push([commit(1)]), HEAVY))).toBe('applied');
  });

  test('of which the last plan was refused approves nothing', async () => {
    await run(pullRequest(7), HEAVY);
    await run(pullRequest(7, { action: 'synchronize' }), shares([2, 1, 1], 'migration: {method: atomic}'));
    expect(repository.comment(7)).toContain('❌');
    repository.merge(7, [commit(1)]);
    const { reason, told } = refusal(await run(push([commit(1)]), HEAVY));
    expect(reason).toBe('plan-not-approved');
    expect(told).toContain('#7: its comment holds no plan that could be carried out.');
  });

  test('without a comment approves nothing', async () => {
    repository.merge(7, [commit(1)]);
    const { reason, told } = refusal(await run(push([commit(1)]), HEAVY));
    expect(reason).toBe('plan-not-approved');
    expect(told).toContain('#7: the action posted no plan there.');
  });

  test('into another branch approves nothing here', async () => {
    await run(pullRequest(7), HEAVY);
    repository.merge(7, [commit(1)], 'staging');
    expect(refusal(await run(push([commit(1)]), HEAVY)).reason).toBe('plan-not-approved');
    expect(resultOf(await run(push([commit(1)], 'refs/heads/staging'), HEAVY))).toBe('applied');
  });
});

describe('a comment', () => {
  test('that somebody else edited approves nothing, and the run says who did', async () => {
    await run(pullRequest(7), HEAVY);
    repository.merge(7, [commit(1)]);
    const [comment] = repository.github.comments;
    Object.assign(comment ?? {}, { editor: 'mallory' });
    const { reason, told } = refusal(await run(push([commit(1)]), HEAVY));
    expect(reason).toBe('plan-not-approved');
    expect(told).toMatch(/#7: The plan in \S+ was edited by mallory/);
  });

  test('that somebody else edited and the action then wrote anew approves again', async () => {
    await run(pullRequest(7), HEAVY);
    const [comment] = repository.github.comments;
    Object.assign(comment ?? {}, { editor: 'mallory', body: `${comment?.body.split('\n')[0]}\nnothing to see` });
    await run(pullRequest(7, { action: 'synchronize' }), HEAVY);
    repository.merge(7, [commit(1)]);
    expect(resultOf(await run(push([commit(1)]), HEAVY))).toBe('applied');
  });

  test('with a copied mark approves nothing, and the run says whose it is', async () => {
    await run(pullRequest(8), HEAVY);
    const { github } = repository;
    github.comments.push({ id: 99, on: 7, author: 'mallory', body: repository.comment(8), editor: null });
    repository.merge(7, [commit(1)]);
    const { reason, told } = refusal(await run(push([commit(1)]), HEAVY));
    expect(reason).toBe('plan-not-approved');
    expect(told).toMatch(/#7: The comment \S+ has the mark of a plan and was written by mallory/);
  });

  test('of which the plan was applied approves no second time', async () => {
    await run(pullRequest(7), HEAVY);
    repository.merge(7, [commit(1)]);
    await run(push([commit(1)]), HEAVY);
    expect(resultOf(await run(push([commit(1)]), HEAVY))).toBe('no-changes');
    // Since then a pull request was reverted; now the old run is started again.
    await repository.make(EVEN);
    const { reason, told } = refusal(await run(push([commit(1)]), HEAVY));
    expect(reason).toBe('plan-not-approved');
    expect(told).toMatch(/#7: its plan [0-9a-f]{12} has been applied; what is to be done now has come up since then/);
  });
});

describe('a push', () => {
  test('without a pull request changes nothing', async () => {
    const { reason, told } = refusal(await run(push([commit(1)]), HEAVY));
    expect(reason).toBe('plan-not-approved');
    expect(told).toContain(
      'was pushed to main without a plan that people could look at: no pull request brought it there',
    );
  });

  test('without a pull request is fine where there is nothing to do, and waits for nothing', async () => {
    expect(resultOf(await run(push([commit(1)]), EVEN))).toBe('no-changes');
    expect(repository.pauses).toEqual([]);
  });

  test('of a revert is applied as the pull request of the revert shows it', async () => {
    await run(pullRequest(7), HEAVY);
    repository.merge(7, [commit(1)]);
    await run(push([commit(1)]), HEAVY);
    await run(pullRequest(8), EVEN);
    repository.merge(8, [commit(2)]);
    expect(resultOf(await run(push([commit(2)]), EVEN))).toBe('applied');
    expect(repository.comment(8)).toContain('✅ **Applied');
  });

  test('of a revert without a pull request changes nothing', async () => {
    await run(pullRequest(7), HEAVY);
    repository.merge(7, [commit(1)]);
    await run(push([commit(1)]), HEAVY);
    expect(refusal(await run(push([commit(2)]), EVEN)).reason).toBe('plan-not-approved');
  });

  test('of two pull requests is applied when what is to be done is what one of them shows', async () => {
    await run(pullRequest(7), HEAVY);
    await run(pullRequest(8), EVEN);
    repository.merge(7, [commit(1)]);
    repository.merge(8, [commit(2)]);
    expect(resultOf(await run(push([commit(1), commit(2)]), HEAVY))).toBe('applied');
    expect(repository.comment(7)).toContain('✅ **Applied');
    expect(repository.comment(8)).not.toContain('Applied');
  });

  test('of two pull requests that together want what neither shows changes nothing', async () => {
    await run(pullRequest(7), HEAVY);
    await run(pullRequest(8), shares([3, 1, 1]));
    repository.merge(7, [commit(1)]);
    repository.merge(8, [commit(2)]);
    const refused = await run(push([commit(1), commit(2)]), HEAVIER);
    const { reason, told } = refusal(refused);
    expect(reason).toBe('plan-changed');
    expect(told.match(/#[78]: Changed: approved was/g)?.map((text) => text.slice(0, 2))).toEqual(
      expect.arrayContaining(['#8', '#7']),
    );
    expect(refused.summary.match(/was shown in `#[78]`/g)?.toSorted()).toEqual([
      'was shown in `#7`',
      'was shown in `#8`',
    ]);
  });

  test('that comes after another one goes on with what that one has left of its plan', async () => {
    await run(pullRequest(7), HEAVY);
    await run(pullRequest(8), HEAVIER);
    repository.merge(7, [commit(1)]);
    repository.merge(8, [commit(2)]);
    expect(resultOf(await run(push([commit(1)]), HEAVY))).toBe('applied');
    expect(resultOf(await run(push([commit(2)]), HEAVIER))).toBe('applied');
  });

  test('that comes after another one changes nothing when that made another plan of its own', async () => {
    await run(pullRequest(7), HEAVY);
    await run(pullRequest(8), LIGHT);
    repository.merge(7, [commit(1)]);
    repository.merge(8, [commit(2)]);
    expect(resultOf(await run(push([commit(1)]), HEAVY))).toBe('applied');
    expect(refusal(await run(push([commit(2)]), LIGHT)).reason).toBe('plan-changed');
  });

  test.each([
    ['a tag', 'refs/tags/v1'],
    ['a branch of the merge queue', `refs/heads/gh-readonly-queue/main/pr-7-${commit(1)}`],
  ])('of %s applies nothing', async (_, ref) => {
    await run(pullRequest(7), HEAVY);
    repository.merge(7, [commit(1)]);
    const { reason } = refusal(await run(push([commit(1)], ref), HEAVY, { command: 'apply' }));
    expect(reason).toBe('plan-not-approved');
    expect(repository.pauses).toEqual([]);
  });

  test('to a branch of the merge queue only plans by itself', async () => {
    const ref = `refs/heads/gh-readonly-queue/main/pr-7-${commit(1)}`;
    expect(resultOf(await run(push([commit(1)], ref), HEAVY))).toBe('planned');
  });

  test('of which GitHub does not tell whether it was approved fails and changes nothing', async () => {
    await run(pullRequest(7), HEAVY);
    repository.merge(7, [commit(1)]);
    repository.github.faults.push({ on: /^GET .*\/pulls/, status: 503 });
    const failed = await run(push([commit(1)]), HEAVY);
    expect(failed.outputs).toMatchObject({
      result: 'failed',
      'failure-reason': 'approval-unreadable',
      changed: 'false',
    });
  });
});
