import { beforeEach, describe, expect, test } from '@jest/globals';
import { Failure } from '../../src/core/failure.ts';
import type { Fault } from '../support/fake-github.ts';
import { commit, pullRequest, push } from './support/events.ts';
import { type LocalRepository, type LocalRun, shares, withLocalRepository } from './support/local-repository.ts';

const HEAVY = shares([2, 1, 1]);
const HEAVIER = shares([4, 1, 1]);

let repository: LocalRepository;

withLocalRepository((created) => {
  repository = created;
});

/** A pull request that was planned and merged. */
beforeEach(async () => {
  await repository.run(pullRequest(7), { topology: HEAVY });
  repository.merge(7, [commit(1)]);
});

function apply(onLine: (line: string) => void = () => undefined): Promise<LocalRun> {
  return repository.run(push([commit(1)]), { topology: HEAVY, onLine });
}

/** Ends as a cancelled workflow does, with some slots moved. */
function stopInTheMiddle(): Promise<LocalRun> {
  return apply((line) => {
    if (line.startsWith('Slots go from')) throw new Failure('stopped', 'Told to end.', { remedy: 'Run again.' });
  });
}

describe('the comment of a merged pull request', () => {
  test('is edited from planned by applying to applied, with a link to the run', async () => {
    const { github } = repository;
    const before = github.requests.length;
    const applied = await apply();
    const bodies = github.requests
      .slice(before)
      .flatMap(({ line, body }) => (line.startsWith('PATCH') ? [JSON.stringify(body)] : []));
    expect(bodies[0]).toContain('⏳ **Applying.**');
    expect(bodies.at(-1)).toContain('✅ **Applied');
    expect(applied.outputs['comment-url']).toMatch(/pull\/7#issuecomment/);
    expect(repository.comment(7)).toMatch(
      /\[run\]\(https:\/\/github\.test\/acme\/cache\/actions\/runs\/\d+\/attempts\/1\)/,
    );
    expect(repository.comment(7)).toContain('commit cccccccccc');
  });

  test('tells that it failed midway, and of the run that then ends it', async () => {
    const failed = await stopInTheMiddle();
    expect(failed.outputs).toMatchObject({ result: 'failed', 'failure-reason': 'stopped', changed: 'true' });
    expect(repository.comment(7)).toContain('❌ **Failed midway');
    const again = await apply();
    expect(again.red ? again.log : []).toEqual([]);
    expect(again.outputs['result']).toBe('applied');
    expect(repository.comment(7)).toContain('✅ **Applied');
    expect(repository.github.comments).toHaveLength(1);
  });

  test('does not stay "applying" after a run whose end nobody could write down', async () => {
    const { github } = repository;
    github.faults.push({ on: /^PATCH/, status: 'no-answer', after: 1 });
    await stopInTheMiddle();
    expect(repository.comment(7)).toContain('⏳ **Applying.**');
    github.faults.length = 0;
    expect((await apply()).outputs['result']).toBe('applied');
    expect(repository.comment(7)).toContain('✅ **Applied');
  });

  test('does not stay "failed" when somebody else has done the rest', async () => {
    await stopInTheMiddle();
    await repository.make(HEAVY);
    const again = await apply();
    expect(again.outputs).toMatchObject({ result: 'no-changes', 'comment-url': expect.stringContaining('pull/7') });
    expect(repository.comment(7)).not.toContain('Failed');
  });

  test('does not stay "planned" when somebody has done it all before the merge', async () => {
    await repository.make(HEAVY);
    expect((await apply()).outputs).toMatchObject({
      result: 'no-changes',
      'comment-url': expect.stringContaining('pull/7'),
    });
    expect(repository.comment(7)).not.toContain('**Next:** merge');
    const before = repository.github.requests.length;
    await apply();
    const later = repository.github.requests.slice(before).map(({ line }) => line);
    expect(later.filter((line) => line.startsWith('PATCH'))).toEqual([]);
  });

  test('is left alone by a run that finds all done and cannot ask GitHub', async () => {
    await stopInTheMiddle();
    await repository.make(HEAVY);
    repository.github.faults.push({ on: /./, status: 'no-answer' });
    expect((await apply()).outputs).toMatchObject({ result: 'no-changes', 'comment-url': '' });
  });
});

describe('a plan that comes late', () => {
  test('does not take the place of what was applied, nor count as approved again', async () => {
    await apply();
    const before = repository.comment(7);
    const late = await repository.run(pullRequest(7), { topology: HEAVIER });
    expect(late).toMatchObject({ red: false, outputs: { result: 'planned', 'comment-url': '' } });
    expect(late.log.join('\n')).toContain('The comment on pull request 7 stays as it is: it is closed by now.');
    expect(repository.comment(7)).toBe(before);
    expect((await repository.run(push([commit(1)]), { topology: HEAVIER })).outputs['result']).toBe('refused');
  });

  test('of an earlier commit does not take the place of the newest', async () => {
    await repository.run(pullRequest(8), { topology: HEAVY });
    const before = repository.comment(8);
    repository.github.heads.set(8, commit(2));
    const old = await repository.run(pullRequest(8), { topology: HEAVIER });
    expect(old.log.join('\n')).toContain('this run is of commit aaaaaaaaaa, and the newest is ');
    expect(repository.comment(8)).toBe(before);
  });

  test.each([403, 404, 503])(
    'is known by the comment, where GitHub does not tell of the pull request (%j)',
    async (status) => {
      await apply();
      const before = repository.comment(7);
      repository.github.faults.push({ on: /^GET .*\/pulls\/\d+$/, status });
      const late = await repository.run(pullRequest(7), { topology: HEAVIER });
      expect(late.log.join('\n')).toContain('The comment on pull request 7 stays as it is: it tells of an apply.');
      expect(repository.comment(7)).toBe(before);
      const planned = await repository.run(pullRequest(9), { topology: HEAVIER });
      expect(planned).toMatchObject({ red: false, outputs: { result: 'planned' }, warnings: [] });
      expect(repository.comment(9)).toContain('**Next:** merge');
    },
  );
});

describe('an apply goes on to its end', () => {
  test.each<[string, Omit<Fault, 'on'>, RegExp]>([
    ['is out of reach', { status: 'no-answer' }, /gave no usable answer/],
    ['has an incident', { status: 503, message: 'Unicorn' }, /503: Unicorn/],
    [
      'asks to wait for an hour',
      { status: 403, message: 'secondary rate limit', headers: { 'retry-after': '3600' } },
      /asks to wait 3600 s/,
    ],
    ['locks the conversation', { status: 403, message: 'Unable to create comment because issue is locked.' }, /Unlock/],
  ])('when GitHub %s in the middle, and the log says so', async (_, fault, why) => {
    repository.github.faults.push({ on: /^PATCH/, ...fault });
    const applied = await apply();
    expect(applied).toMatchObject({ red: false, outputs: { result: 'applied', 'comment-url': '' } });
    expect(applied.log.filter((line) => line.startsWith('The work goes on;'))).toHaveLength(1);
    expect(applied.warnings).toEqual([expect.stringMatching(/^The comment on pull request 7 could not be written: /)]);
    expect(applied.warnings.join()).toMatch(why);
    expect(applied.summary).toContain('✅ **Applied');
  });

  test('when GitHub wants a pause: the work does not wait for it, the last word does', async () => {
    const message = 'You have exceeded a secondary rate limit.';
    repository.github.faults.push({ on: /^PATCH/, status: 403, message, times: 1 });
    const applied = await apply();
    expect(applied.warnings).toEqual([]);
    expect(repository.comment(7)).toContain('✅ **Applied');
    const told = applied.log.filter((line) => /^(The work goes on|1 of 1 done|GitHub limits)/.test(line));
    expect(told).toEqual([
      expect.stringContaining(message),
      // Counted from the refusal on.
      expect.stringMatching(
        /^GitHub limits the rate of requests: waiting (60|5\d) s to read the comments of pull request 7\.$/,
      ),
    ]);
  });

  test('when GitHub wants a pause before it tells what was approved, and when it is to be told of a refusal', async () => {
    const limit = { status: 403, message: 'secondary rate limit', headers: { 'retry-after': '60' }, times: 1 };
    repository.github.faults.push({ on: /\/pulls/, ...limit });
    const refused = await repository.run(push([commit(1)]), { topology: HEAVIER });
    expect(refused.outputs).toMatchObject({ result: 'refused', 'failure-reason': 'plan-changed' });
    repository.github.faults.push({ on: /\/pulls/, ...limit, after: 1, times: 1 });
    const again = await repository.run(push([commit(1)]), { topology: HEAVIER });
    expect(again.outputs['comment-url']).toMatch(/pull\/7/);
    expect(repository.pauses.filter((pause) => pause > 50_000)).toHaveLength(2);
  });
});
