import { inspect } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { createGitHub } from '../../src/adapters/github/github.ts';
import { systemClock } from '../../src/adapters/process/clock.ts';
import type { GitHub } from '../../src/ports/github.ts';
import { TOKEN } from '../support/confidential.ts';
import type { FakeGitHub, Fault } from '../support/fake-github.ts';
import { failureOf, shownPlans, startClient } from '../support/github-client.ts';

const MARKER = '<!-- redis-cluster-topology: cache -->';
const OPTIONS = { signal: new AbortController().signal };

type Call = (github: GitHub) => Promise<unknown>;
const put: Call = (github) => github.putComment(7, MARKER, `${MARKER}\nplan`, OPTIONS);
const open: Call = (github) => github.keepIssue(MARKER, { title: 'drift', body: MARKER, head: MARKER }, OPTIONS);
const read: Call = (github) => github.readFile('topology.yaml', 'main', OPTIONS);
const approved = (github: GitHub) => shownPlans(github, ['c0ffee'], MARKER);

describe('a refusal', () => {
  const NOT = 'Resource not accessible by integration';
  test.each<[string, Call, RegExp, string, string]>([
    ['commenting', put, /^POST .*comments/, 'github-error', 'pull-requests: write'],
    ['reading comments', put, /^GET .*comments/, 'github-error', 'pull-requests: read'],
    ['opening an issue', open, /^POST .*issues$/, 'github-error', 'issues: write'],
    ['reading issues', open, /^GET .*issues/, 'github-error', 'issues: write'],
    ['reading a file', read, /^GET .*contents/, 'github-error', 'contents: read'],
    ['finding pull requests', approved, /^GET .*pulls/, 'approval-unreadable', 'pull-requests: read'],
  ])('of %s names what is missing', async (_, call, on, code, permission) => {
    await using client = await startClient();
    client.fake.faults.push({ on, status: 403, message: NOT });
    const failure = await failureOf(call(client.github));
    expect(failure.code).toBe(code);
    expect(failure.message).toContain(`GitHub answered 403: "${NOT}"`);
    expect(failure.remedy).toContain(`\`${permission}\``);
    expect(client.pauses).toEqual([]);
  });

  test.each<[number, string, string]>([
    [401, 'Bad credentials', 'github-token'],
    [403, 'Unable to create comment because issue is locked.', 'Unlock'],
    [404, 'Not Found', 'may not see it'],
    [410, 'Issues has been disabled in this repository.', 'Turn issues on'],
    [422, 'Validation Failed', 'what GitHub says'],
  ])('with %i says what to do', async (status, message, remedy) => {
    await using client = await startClient();
    client.fake.faults.push({ on: /^POST .*comments/, status, message });
    const failure = await failureOf(put(client.github));
    expect(failure.message).toContain(`${status}: "${message}"`);
    expect(failure.remedy).toContain(remedy);
  });
});

test('a refusal of GraphQL leaves the approval unreadable, and is not tried again', async () => {
  await using client = await startClient('octocat');
  withPlan(client.fake);
  const errors = [{ type: 'FORBIDDEN', message: 'Resource not accessible by integration' }];
  client.fake.faults.push({ on: /graphql/, status: 200, body: { data: null, errors } });
  const failure = await failureOf(approved(client.github));
  expect(failure.code).toBe('approval-unreadable');
  expect(failure.remedy).toContain('`pull-requests: read`');
  expect(client.pauses).toEqual([]);
});

/** A merged pull request with a plan of octocat's. */
function withPlan(fake: FakeGitHub): void {
  fake.pulls.push({ number: 7, base: 'main', merged: true, commits: ['c0ffee'] });
  fake.comments.push({ id: 1, on: 7, author: 'octocat', body: MARKER, editor: null });
}

describe('what passes by itself', () => {
  test.each<[string, Omit<Fault, 'on'>, readonly number[]]>([
    ['a server error', { status: 500, times: 3 }, [1000, 2000, 4000]],
    ['a lost connection', { status: 'no-answer', times: 2 }, [1000, 2000]],
    ['a limit with its time', { status: 429, headers: { 'retry-after': '7' }, times: 1 }, [7000]],
    [
      'a used-up limit',
      {
        status: 403,
        headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': `${Date.parse('2026-01-02T03:04:35Z') / 1000}` },
        times: 1,
      },
      [30_000],
    ],
  ])('is waited for: %s', async (_, fault, pauses) => {
    await using client = await startClient();
    client.fake.faults.push({ on: /^GET .*comments/, ...fault });
    await put(client.github);
    expect(client.pauses).toEqual(pauses);
    expect(client.fake.comments).toHaveLength(1);
  });

  test.each<[string, unknown, Readonly<Record<string, string>>, readonly number[]]>([
    ['a limit', { type: 'RATE_LIMITED', message: 'API rate limit exceeded' }, { 'retry-after': '9' }, [9000]],
    ['an incident', { message: 'Something went wrong while executing your query.' }, {}, [1000]],
  ])('is waited for when GraphQL tells of it: %s', async (_, error, headers, pauses) => {
    await using client = await startClient('octocat');
    withPlan(client.fake);
    client.fake.faults.push({ on: /graphql/, status: 200, body: { data: null, errors: [error] }, headers, times: 1 });
    expect(await approved(client.github)).toHaveLength(1);
    expect(client.pauses).toEqual(pauses);
  });

  test('is waited for a minute in all, over all requests of one call', async () => {
    await using client = await startClient();
    client.fake.faults.push(
      { on: /^GET \/user/, status: 503, times: 4 },
      { on: /^GET .*comments/, status: 503, message: 'Unicorn' },
    );
    const failure = await failureOf(put(client.github));
    expect(failure.code).toBe('github-error');
    expect(failure.message).toContain('503: Unicorn');
    const waited = client.pauses.reduce((sum, pause) => sum + pause, 0);
    expect(waited).toBeGreaterThan(30_000);
    expect(waited).toBeLessThanOrEqual(60_000);
  });

  test('is not waited for when the run is told to stop', async () => {
    await using client = await startClient();
    const reason = new Error('told to stop');
    const options = { signal: AbortSignal.abort(reason) };
    await expect(client.github.findComment(7, MARKER, options)).rejects.toBe(reason);
    expect(client.fake.requests).toEqual([]);
  });
});

describe('the token', () => {
  test.each<[string, Fault]>([
    ['a refusal', { on: /comments/, status: 401, message: 'Bad credentials' }],
    ['a server error', { on: /comments/, status: 500 }],
    ['no answer', { on: /comments/, status: 'no-answer' }],
    ['a refused question to GraphQL', { on: /graphql/, status: 401 }],
  ])('is in no part of an error after %s', async (_, fault) => {
    await using client = await startClient();
    client.fake.faults.push(fault);
    const failure = await failureOf(put(client.github));
    expect(client.fake.requests[0]?.authorization).toContain(TOKEN);
    expect(inspect(failure, { depth: Infinity, showHidden: true })).not.toContain(TOKEN);
  });

  test.each(['', `${TOKEN}\n`, `${TOKEN} x`, `${TOKEN}ö`])('that cannot be one is not shown (%j)', async (token) => {
    const options = { token, repository: 'acme/cache', apiUrl: 'http://127.0.0.1:1' };
    const work = async () => createGitHub({ ...options, redact: (text) => text, clock: systemClock, waiting: String });
    const failure = await failureOf(work());
    expect(failure.code).toBe('invalid-input');
    expect(inspect(failure, { depth: Infinity })).not.toContain(TOKEN);
  });
});

test('an answer that is not GitHub is told as such', async () => {
  await using client = await startClient('octocat');
  client.fake.faults.push({ on: /^GET .*comments/, status: 200, message: 'Welcome to the proxy' });
  const failure = await failureOf(put(client.github));
  expect(failure.code).toBe('github-error');
  expect(failure.message).toContain('in a form that is not known here');
});
