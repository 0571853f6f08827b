import { describe, expect, test } from '@jest/globals';
import { type Client, startClient } from '../support/github-client.ts';

const MARKER = '<!-- redis-cluster-topology: cache -->';
const { signal } = new AbortController();

function put({ github }: Client, text: string, again: boolean) {
  return github.putComment(7, MARKER, `${MARKER}\n${text}`, { signal, again });
}

/** What GitHub was asked meanwhile. */
async function askedFor({ fake }: Client, work: () => Promise<unknown>): Promise<readonly string[]> {
  const before = fake.requests.length;
  await work();
  return fake.requests.slice(before).map(({ line }) => line);
}

describe('a comment that is edited while the work goes on', () => {
  test('is looked for once, and then edited by its id', async () => {
    await using client = await startClient();
    const { id } = await put(client, 'planned', false);
    await put(client, 'one stage', true);
    expect(await askedFor(client, () => put(client, 'two stages', true))).toEqual([
      `PATCH /repos/acme/cache/issues/comments/${id}`,
    ]);
    expect(client.fake.comments.map(({ body }) => body)).toEqual([`${MARKER}\ntwo stages`]);
    expect(client.fake.mistakes).toEqual([]);
  });

  test('is looked for by a run that has not written it yet', async () => {
    await using client = await startClient();
    client.fake.comments.push({ id: 1, on: 7, author: 'github-actions[bot]', body: MARKER, editor: null });
    await put(client, 'one stage', true);
    expect(client.fake.comments.map(({ body }) => body)).toEqual([`${MARKER}\none stage`]);
  });

  test('is made anew where somebody has deleted it', async () => {
    await using client = await startClient();
    await put(client, 'one stage', true);
    client.fake.comments.length = 0;
    await put(client, 'two stages', true);
    expect(client.fake.comments.map(({ body }) => body)).toEqual([`${MARKER}\ntwo stages`]);
    await put(client, 'three stages', true);
    expect(client.fake.comments).toHaveLength(1);
  });

  test('is looked for again for the last word: an older one of ours would count in its place', async () => {
    await using client = await startClient();
    await put(client, 'one stage', true);
    client.fake.comments.unshift({ id: 1, on: 7, author: 'github-actions[bot]', body: MARKER, editor: null });
    await put(client, 'applied', false);
    expect(client.fake.comments[0]?.body).toBe(`${MARKER}\napplied`);
  });
});
