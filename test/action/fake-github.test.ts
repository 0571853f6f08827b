import { expect, test } from '@jest/globals';
import { type FakeGitHub, startFakeGitHub } from '../support/fake-github.ts';

const COMMENTS = '/repos/acme/cache/issues/7/comments';

function ask(fake: FakeGitHub, path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(`${fake.url}${path}`, init);
}

function post(fake: FakeGitHub, path: string, body: unknown): Promise<Response> {
  const headers = { 'content-type': 'application/json' };
  return ask(fake, path, { method: 'POST', headers, body: JSON.stringify(body) });
}

test('the fake GitHub answers 304 to who has seen it all, until there is something new', async () => {
  await using fake = await startFakeGitHub();
  const etag = (await ask(fake, COMMENTS)).headers.get('etag') ?? '';
  expect(etag).toMatch(/^W\/"/);
  const again = () => ask(fake, COMMENTS, { headers: { 'if-none-match': etag } });
  const known = await again();
  expect([known.status, await known.text(), known.headers.get('etag')]).toEqual([304, '', etag]);
  fake.comments.push({ id: 1, on: 7, author: 'octocat', body: 'news', editor: null });
  expect((await again()).status).toBe(200);
  expect(fake.mistakes).toEqual([]);
});

test('the fake GitHub refuses titles and texts that are too long, in a form that its description has', async () => {
  await using fake = await startFakeGitHub();
  const titled = (title: string) => post(fake, '/repos/acme/cache/issues', { title, body: 'x' });
  expect((await titled('x'.repeat(256))).status).toBe(201);
  const refused = await titled('x'.repeat(257));
  expect([refused.status, await refused.text()]).toEqual([422, expect.stringContaining('title is too long')]);
  expect((await post(fake, COMMENTS, { body: 'x'.repeat(65_537) })).status).toBe(422);
  expect(fake.mistakes).toEqual([]);
});

test.each([
  ['a refusal without what the description wants', { status: 422, body: { message: 'Validation Failed' } }],
  ['a refusal without a message', { status: 403, body: 'no' }],
] as const)('the fake GitHub tells a test of a fault that GitHub would not make: %s', async (_, fault) => {
  await using fake = await startFakeGitHub();
  fake.faults.push({ on: /./, ...fault });
  await post(fake, COMMENTS, { body: 'x' });
  expect(fake.mistakes).toHaveLength(1);
});

test('the fake GitHub shows by GraphQL who edited a comment only to a token that may read it', async () => {
  await using fake = await startFakeGitHub();
  fake.comments.push({ id: 1, on: 7, author: 'octocat', body: 'x', editor: 'mallory' });
  const query = 'query ($id: ID!) { node(id: $id) { ... on IssueComment { body } } }';
  const seen = async () => (await post(fake, '/graphql', { query, variables: { id: 'IC_1' } })).text();
  fake.permissions = { contents: 'read' };
  expect(await seen()).toContain('"FORBIDDEN"');
  fake.permissions = { 'pull-requests': 'read' };
  expect(await seen()).toContain('mallory');
});
