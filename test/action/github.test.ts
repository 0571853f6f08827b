import { describe, expect, test } from '@jest/globals';
import type { GitHub } from '../../src/ports/github.ts';
import { PASSWORD } from '../support/confidential.ts';
import type { FakeGitHub } from '../support/fake-github.ts';
import type { FakeComment } from '../support/fake-github-state.ts';
import { failureOf, shownPlans, startClient } from '../support/github-client.ts';

const MARKER = '<!-- redis-cluster-topology: cache -->';
const BOT = 'github-actions[bot]';
const OPTIONS = { signal: new AbortController().signal };

function comment(fake: FakeGitHub, more: Partial<FakeComment>): void {
  const { length } = fake.comments;
  fake.comments.push({ id: length + 1, on: 7, author: BOT, body: `${MARKER}\nplan`, editor: null, ...more });
}

function chatter(fake: FakeGitHub, count: number): void {
  for (let n = 0; n < count; n++) comment(fake, { author: 'octocat', body: `remark ${n}` });
}

function merged(fake: FakeGitHub): void {
  fake.pulls.push({ number: 7, base: 'main', merged: true, commits: ['c0ffee'] });
}

/** Whose plans count: numbers of pull requests for own comments, sentences for those that are void. */
async function approved(
  github: GitHub,
  commits: readonly string[] = ['c0ffee'],
): Promise<readonly (number | string)[]> {
  const shown = await shownPlans(github, commits, MARKER);
  return shown.flatMap(({ number, comments }) => comments.map((one) => (one.kind === 'own' ? number : one.why)));
}

describe('the comment', () => {
  test('is created once and then edited', async () => {
    await using client = await startClient();
    const { fake, github } = client;
    const first = await github.putComment(7, MARKER, `${MARKER}\none`, OPTIONS);
    const second = await github.putComment(7, MARKER, `${MARKER}\ntwo`, OPTIONS);
    expect(second).toEqual({ ...first, body: `${MARKER}\ntwo` });
    expect(fake.comments.map((one) => one.body)).toEqual([`${MARKER}\ntwo`]);
    expect(fake.mistakes).toEqual([]);
  });

  test('that is as wanted is not sent again', async () => {
    await using client = await startClient();
    const { fake, github } = client;
    comment(fake, {});
    await github.putComment(7, MARKER, `${MARKER}\nplan`, OPTIONS);
    expect(fake.requests.filter(({ line }) => /^(POST|PATCH) \/repos/.test(line))).toEqual([]);
  });

  test('is found on the third page', async () => {
    await using client = await startClient();
    const { fake, github } = client;
    chatter(fake, 250);
    comment(fake, {});
    expect(await github.findComment(7, MARKER, OPTIONS)).toMatchObject({ id: 251, pullRequest: 7 });
    await github.putComment(7, MARKER, `${MARKER}\nnew`, OPTIONS);
    expect(fake.comments).toHaveLength(251);
    expect(fake.mistakes).toEqual([]);
  });

  test.each([
    ['somebody else copied the marker', { author: 'mallory' }],
    ['a user has the name of the bot without its suffix', { author: 'github-actions' }],
    ['the marker stands further down', { body: `see\n${MARKER}` }],
    ['it is on another pull request', { on: 8 }],
    ['it is of another cluster', { body: MARKER.replace('cache', 'cart') }],
  ])('is not the one when %s', async (_, more) => {
    await using client = await startClient();
    const { fake, github } = client;
    comment(fake, more);
    expect(await github.findComment(7, MARKER, OPTIONS)).toBeNull();
    const before = { ...fake.comments[0] };
    await github.putComment(7, MARKER, `${MARKER}\nours`, OPTIONS);
    expect(fake.comments[0]).toEqual(before);
    expect(fake.comments[1]).toMatchObject({ on: 7, author: BOT, body: `${MARKER}\nours` });
  });

  test.each(['octocat', 'my-app[bot]', BOT])('of %s is known as its own', async (login) => {
    await using client = await startClient(login);
    const { fake, github } = client;
    comment(fake, { author: login });
    comment(fake, { author: 'somebody' });
    expect(await github.findComment(7, MARKER, OPTIONS)).toMatchObject({ id: 1 });
    expect(fake.mistakes).toEqual([]);
  });

  test('is that of the workflow where GitHub tells no identity', async () => {
    await using client = await startClient();
    const { fake, github } = client;
    fake.faults.push({ on: /graphql/, status: 403, message: 'Resource not accessible by integration' });
    comment(fake, {});
    expect(await github.findComment(7, MARKER, OPTIONS)).toMatchObject({ id: 1 });
  });

  test.each([502, 'no-answer'] as const)('is not created twice when its answer is lost (%s)', async (status) => {
    await using client = await startClient();
    const { fake, github } = client;
    fake.faults.push({ on: /^POST .*comments/, status, carriedOut: true, times: 1 });
    const posted = await github.putComment(7, MARKER, `${MARKER}\none`, OPTIONS);
    expect(fake.comments.map((one) => one.id)).toEqual([posted.id]);
  });

  test('leaves without secrets', async () => {
    await using client = await startClient();
    const { fake, github } = client;
    await github.putComment(7, MARKER, `${MARKER}\nredis said ${PASSWORD}`, OPTIONS);
    expect(fake.comments[0]?.body).toBe(`${MARKER}\nredis said ***`);
    expect(JSON.stringify(fake.requests.map((one) => one.body))).not.toContain(PASSWORD);
  });

  test('of more characters than GitHub takes is not sent', async () => {
    await using client = await startClient();
    const { fake, github } = client;
    await github.putComment(7, MARKER, MARKER.padEnd(65_536, '.'), OPTIONS);
    const failure = await failureOf(github.putComment(7, MARKER, MARKER.padEnd(65_537, '.'), OPTIONS));
    expect(failure.code).toBe('internal-error');
    expect(fake.comments[0]?.body).toHaveLength(65_536);
  });
});

describe('an approved plan', () => {
  test('is the comment in the merged pull request of the commit', async () => {
    await using client = await startClient();
    const { fake, github } = client;
    merged(fake);
    comment(fake, {});
    const url = 'https://github.test/pull/7#issuecomment-1';
    expect(await shownPlans(github, ['c0ffee'], MARKER)).toEqual([
      { number: 7, comments: [{ kind: 'own', comment: { id: 1, url, body: `${MARKER}\nplan`, pullRequest: 7 } }] },
    ]);
    expect(client.pauses).toEqual([]);
    expect(fake.mistakes).toEqual([]);
  });

  test.each([
    ['the action edited it itself', { editor: BOT }, [7]],
    ['somebody else edited it', { editor: 'mallory' }, [expect.stringMatching(/comment-1 was edited by mallory/)]],
    ['a user named like the bot edited it', { editor: 'github-actions' }, [expect.stringContaining('github-actions,')]],
    ['another app edited it', { editor: 'renovate[bot]' }, [expect.stringContaining('renovate[bot]')]],
    [
      'somebody else wrote it',
      { author: 'mallory' },
      [expect.stringMatching(/by mallory, not by github-actions\[bot\]/)],
    ],
    ['it is in another pull request', { on: 8 }, []],
    ['it is of another cluster', { body: MARKER.replace('cache', 'cart') }, []],
  ])('when %s (%j) counts: %j', async (_, more, counts) => {
    await using client = await startClient();
    const { fake, github } = client;
    merged(fake);
    comment(fake, more);
    expect(await approved(github)).toEqual(counts);
  });

  test('is the oldest of several comments, which is the one that is kept up to date', async () => {
    await using client = await startClient();
    const { fake, github } = client;
    merged(fake);
    comment(fake, { body: `${MARKER}\nthe one` });
    comment(fake, { body: `${MARKER}\nof a run at the same moment` });
    const [pull] = await shownPlans(github, ['c0ffee'], MARKER);
    expect(pull?.comments).toMatchObject([{ kind: 'own', comment: { body: `${MARKER}\nthe one` } }]);
  });

  test('is looked for in the pull requests of all commits of the push, each once, the newest first', async () => {
    await using client = await startClient();
    const { fake, github } = client;
    fake.pulls.push({ number: 8, base: 'main', merged: true, commits: ['feed'] });
    fake.pulls.push({ number: 7, base: 'main', merged: true, commits: ['c0ffee', 'decade'] });
    comment(fake, { on: 8 });
    comment(fake, {});
    expect(await approved(github, ['c0ffee', 'decade', 'feed'])).toEqual([7, 8]);
    expect(fake.requests.filter(({ line }) => line.includes('/issues/7/comments'))).toHaveLength(1);
  });

  test('is looked for in no more than a hundred commits', async () => {
    await using client = await startClient();
    merged(client.fake);
    const commits = Array.from({ length: 300 }, (_, i) => (i === 0 ? 'c0ffee' : `${i}`));
    await approved(client.github, commits);
    expect(client.fake.requests.filter(({ line }) => /\/commits\/.*\/pulls/.test(line))).toHaveLength(100);
  });

  test.each([
    ['lists nothing', { message: 'fine' }],
    ['does not know the commit', { status: 422, message: 'No commit found for SHA: c0ffee' }],
  ] as const)('is found although GitHub at first %s', async (_, answer) => {
    await using client = await startClient();
    const { fake, github } = client;
    comment(fake, {});
    if ('status' in answer) fake.faults.push({ on: /c0ffee\/pulls/, status: 422, message: answer.message, times: 2 });
    else fake.pulls.push({ number: 7, base: 'main', merged: true, commits: ['c0ffee'], unknownFor: 2 });
    if (fake.pulls.length === 0) merged(fake);
    expect(await approved(github)).toEqual([7]);
    expect(client.pauses).toEqual([2000, 4000]);
  });

  test('is waited for half a minute, and not for ever', async () => {
    await using client = await startClient();
    expect(await approved(client.github)).toEqual([]);
    expect(client.pauses).toEqual([2000, 4000, 8000, 16_000]);
  });

  test.each([
    ['is still open', { merged: false }],
    ['was merged to another branch', { base: 'release' }],
    ['brought another commit', { commits: ['decade'] }],
  ])('does not come from a pull request that %s', async (_, more) => {
    await using client = await startClient();
    const { fake, github } = client;
    fake.pulls.push({ number: 7, base: 'main', merged: true, commits: ['c0ffee'], ...more });
    comment(fake, {});
    expect(await approved(github)).toEqual([]);
  });

  test.each([/commits\/c0ffee\/pulls/, /issues\/7\/comments/, /^GET \/user/, /graphql/])(
    'that cannot be read (%s) is unreadable, not missing',
    async (on) => {
      await using client = await startClient('octocat');
      const { fake, github } = client;
      merged(fake);
      comment(fake, { author: 'octocat' });
      fake.faults.push({ on, status: 401, message: 'Bad credentials' });
      const failure = await failureOf(approved(github));
      expect(failure.code).toBe('approval-unreadable');
      expect(failure.message).toContain('"Bad credentials"');
    },
  );
});

describe('a file', () => {
  test('is read as it is at a commit, with all its characters', async () => {
    await using client = await startClient();
    const { fake, github } = client;
    const text = `# größer ${'x'.repeat(200)}\nshards: 3\n`;
    fake.files.set('abc123:clusters/cache/topology.yaml', text);
    expect(await github.readFile('clusters/cache/topology.yaml', 'abc123', OPTIONS)).toBe(text);
    expect(fake.mistakes).toEqual([]);
  });

  test('that a commit does not have is null', async () => {
    await using client = await startClient();
    const { fake, github } = client;
    fake.files.set('abc123:README.md', '');
    expect(await github.readFile('topology.yaml', 'abc123', OPTIONS)).toBeNull();
    expect(fake.mistakes).toEqual([]);
  });

  test('of a commit that cannot be seen is a failure, not null', async () => {
    await using client = await startClient();
    const failure = await failureOf(client.github.readFile('topology.yaml', 'abc123', OPTIONS));
    expect(failure.code).toBe('github-error');
    expect(failure.message).toContain('No commit found');
  });
});
