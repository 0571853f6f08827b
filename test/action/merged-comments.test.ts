import { beforeEach, describe, expect, test } from '@jest/globals';
import { Failure } from '../../src/core/failure.ts';
import { hiddenLineOf, readPosted } from '../../src/report/marker.ts';
import type { ActionEvent } from '../support/run-action.ts';
import { commit, pullRequest, push } from './support/events.ts';
import { type LocalRepository, type LocalRun, shares, withLocalRepository } from './support/local-repository.ts';

const HEAVY = shares([2, 1, 1]);
const HEAVIER = shares([4, 1, 1]);
const FREELY = { 'require-approved-plan': 'false' };
const byHand: ActionEvent = { name: 'workflow_dispatch', commit: commit(1) };

let repository: LocalRepository;

withLocalRepository((created) => {
  repository = created;
});

function run(
  event: ActionEvent,
  topology: string,
  inputs: Readonly<Record<string, string>> = {},
  onLine: (line: string) => void = () => undefined,
): Promise<LocalRun> {
  return repository.run(event, { topology, inputs, onLine });
}

function stopAtTheFirstMove(line: string): void {
  if (line.startsWith('Slots go from')) throw new Failure('stopped', 'Told to end.', { remedy: 'Run again.' });
}

/** What was written into comments since. */
function written(since: number): readonly string[] {
  const { requests } = repository.github;
  return requests.slice(since).flatMap(({ line, body }) => (line.startsWith('PATCH') ? [JSON.stringify(body)] : []));
}

/** A pull request that was planned and merged. */
beforeEach(async () => {
  await run(pullRequest(7), HEAVY);
  repository.merge(7, [commit(1)]);
});

describe('the comment of a merged pull request tells of an apply', () => {
  test('by hand of the plan whose hash its refusal gave', async () => {
    const refused = await run(push([commit(1)]), HEAVIER);
    expect(repository.comment(7)).toContain('Refused; nothing was changed.');
    const since = repository.github.requests.length;
    const inputs = { command: 'apply', 'approved-plan': refused.outputs['plan-hash'] ?? '' };
    const applied = await run(byHand, HEAVIER, inputs);
    expect(applied.outputs).toMatchObject({ result: 'applied', 'comment-url': expect.stringContaining('pull/7') });
    expect(written(since)[0]).toContain('⏳ **Applying.**');
    expect(repository.comment(7)).toContain('✅ **Applied');
    expect(repository.comment(7)).not.toContain('Refused');
  });

  test.each<[string, ActionEvent, Record<string, string>]>([
    ['on a push', push([commit(1)]), FREELY],
    ['by hand', byHand, { command: 'apply' }],
    ['on a schedule', { name: 'schedule', commit: commit(1) }, { command: 'apply' }],
    ['when it is closed', pullRequest(7, { action: 'closed', merged: true, head: commit(1) }), { command: 'apply' }],
  ])('that nobody had to approve, %s', async (_, event, inputs) => {
    expect((await run(event, HEAVY, inputs)).outputs['result']).toBe('applied');
    expect(repository.comment(7)).toContain('✅ **Applied');
  });

  test('that nobody had to approve and that failed midway', async () => {
    const failed = await run(push([commit(1)]), HEAVY, FREELY, stopAtTheFirstMove);
    expect(failed.outputs).toMatchObject({ result: 'failed', changed: 'true' });
    expect(repository.comment(7)).toContain('❌ **Failed midway');
    expect((await run(push([commit(1)]), HEAVY, FREELY)).outputs['result']).toBe('applied');
    expect(repository.comment(7)).toContain('✅ **Applied');
  });

  test('of which GitHub came to know while it went on', async () => {
    const [pull] = repository.github.pulls;
    Object.assign(pull ?? {}, { unknownFor: 1 });
    await run(push([commit(1)]), HEAVY, FREELY);
    expect(repository.comment(7)).toContain('✅ **Applied');
  });
});

describe('the comment of a merged pull request that holds no plan', () => {
  const atomic = shares([2, 1, 1], 'migration: {method: atomic}');
  const elsewhere = HEAVY.replace('namespace: local', 'namespace: trap');
  const cases = [
    ['a plan that was refused', atomic],
    ['a file that points elsewhere', elsewhere],
    ['a file with mistakes', `${HEAVY}shard: 3\n`],
  ] as const;

  test.each(cases)(
    'but %s is told the plan that the push refuses, with its hash; and of the apply by hand',
    async (_, seen) => {
      await run(pullRequest(8), seen);
      expect(hiddenLineOf(repository.comment(8))).toBe('');
      repository.merge(8, [commit(2)]);
      const refused = await run(push([commit(2)]), HEAVY);
      const hash = refused.outputs['plan-hash'] ?? '';
      expect(refused.outputs).toMatchObject({
        'failure-reason': 'plan-not-approved',
        'comment-url': expect.stringContaining('pull/8'),
      });
      expect(repository.comment(8)).toContain('Refused; nothing was changed.');
      expect(repository.comment(8)).toContain(`\`approved-plan: ${hash}\``);
      expect(repository.comment(8)).toContain('Move 1,365 slots');
      expect((await run(push([commit(2)]), HEAVY)).outputs['failure-reason']).toBe('plan-not-approved');
      await run({ ...byHand, commit: commit(2) }, HEAVY, { command: 'apply', 'approved-plan': hash });
      expect(repository.comment(8)).toContain('✅ **Applied');
    },
  );

  test('is told that nothing is left to do, where that is so', async () => {
    await run(pullRequest(8), elsewhere);
    repository.merge(8, [commit(2)]);
    await repository.make(HEAVY);
    expect((await run(push([commit(2)]), HEAVY)).outputs['result']).toBe('no-changes');
    expect(repository.comment(8)).toContain('Nothing to do: the cluster is as declared');
  });
});

test('a file that has mistakes only once it is merged is told so in place of "Next: merge", and stays approved', async () => {
  const approved = hiddenLineOf(repository.comment(7));
  await run(push([commit(1)]), `${HEAVY}shard: 3\n`);
  expect(repository.comment(7)).toContain('Unknown key');
  expect(repository.comment(7)).not.toContain('**Next:** merge');
  expect(hiddenLineOf(repository.comment(7))).toBe(approved);
});

describe('the comments of pull requests that were merged together', () => {
  const both = push([commit(1), commit(2)]);

  /** Another one, which was planned apart. */
  beforeEach(async () => {
    await run(pullRequest(8), HEAVIER);
    repository.merge(8, [commit(2)]);
  });

  test('say all that it was applied, and one of them tells what', async () => {
    const applied = await run(both, HEAVIER);
    expect(applied.outputs).toMatchObject({ result: 'applied', 'comment-url': expect.stringContaining('pull/8') });
    expect(repository.comment(8)).toContain('✅ **Applied');
    expect(repository.comment(7)).toMatch(/✅ \*\*Carried out with #8\.\*\* .*pull\/8#issuecomment/);
    expect(repository.comment(7)).not.toContain('**Next:** merge');
    expect(readPosted(repository.comment(7))?.state).toBe('applied');
  });

  test('say all that it failed midway, and approve what they did', async () => {
    const approved = hiddenLineOf(repository.comment(7));
    await run(both, HEAVIER, {}, stopAtTheFirstMove);
    expect(repository.comment(8)).toContain('❌ **Failed midway:**');
    expect(repository.comment(7)).toContain('❌ **Failed midway, with #8.**');
    expect(hiddenLineOf(repository.comment(7))).toBe(approved);
    await run(both, HEAVIER);
    for (const number of [7, 8]) expect(readPosted(repository.comment(number))?.state).toBe('applied');
  });

  test('say all that nothing is left to do, when somebody has done it before', async () => {
    await repository.make(HEAVIER);
    const { outputs } = await run(both, HEAVIER);
    expect(outputs).toMatchObject({ result: 'no-changes', 'comment-url': expect.stringContaining('pull/8') });
    for (const number of [7, 8]) {
      expect(repository.comment(number)).toContain('Nothing to do: the cluster is as declared');
      expect(repository.comment(number)).not.toContain('**Next:** merge');
    }
    const since = repository.github.requests.length;
    await run(both, HEAVIER);
    expect(written(since)).toEqual([]);
  });
});

describe('the comment of a merged pull request stays as it is', () => {
  test.each<[string, string]>([
    ['when its plan was applied before', HEAVY],
    ['when nothing was to be done for it', shares([1, 1, 1])],
  ])('%s, and a run by hand does something else later', async (_, topology) => {
    await run(pullRequest(8), topology);
    repository.merge(8, [commit(2)]);
    await run(push([commit(2)]), topology);
    const before = repository.comment(8);
    const applied = await run({ ...byHand, commit: commit(2) }, HEAVIER, { command: 'apply' });
    expect(applied.outputs['result']).toBe('applied');
    expect(repository.comment(8)).toBe(before);
  });

  test('when GitHub does not say which pull request it is; the apply does its work, and the log says so', async () => {
    const before = repository.comment(7);
    repository.github.faults.push({ on: /^GET .*\/pulls/, status: 403, message: 'Resource not accessible' });
    const applied = await run(push([commit(1)]), HEAVY, FREELY);
    expect(applied).toMatchObject({ red: false, outputs: { result: 'applied', 'comment-url': '' }, warnings: [] });
    expect(applied.log.join('\n')).toContain('Whether a comment on a merged pull request still tells of what is to');
    expect(repository.comment(7)).toBe(before);
  });

  test('with `comment: false`', async () => {
    const before = repository.comment(7);
    await run(push([commit(1)]), HEAVY, { ...FREELY, comment: 'false' });
    expect(repository.comment(7)).toBe(before);
  });
});
