import { describe, expect, test } from '@jest/globals';
import { PASSWORD } from '../support/confidential.ts';
import { startClient } from '../support/github-client.ts';

const MARKER = '<!-- redis-cluster-topology: cache -->';
const BOT = 'github-actions[bot]';
const OPTIONS = { signal: new AbortController().signal };

describe('the issue of a cluster', () => {
  const text = { title: 'cache is not as declared', body: `${MARKER}\n<!-- seen: two -->\ntwo lack a replica` };
  const wanted = { ...text, head: `${MARKER}\n<!-- seen: two -->` };

  test('is opened, edited, closed with a word and opened again', async () => {
    await using client = await startClient();
    const { fake, github } = client;
    const url = await github.keepIssue(MARKER, wanted, OPTIONS);
    expect(fake.issues).toMatchObject([{ ...text, state: 'open', labels: ['redis-cluster-drift'] }]);

    const worse = { ...text, body: `${MARKER}\n<!-- seen: three -->\nthree` };
    expect(await github.keepIssue(MARKER, { ...worse, head: worse.body }, OPTIONS)).toBe(url);
    expect(fake.issues).toMatchObject([{ ...worse, state: 'open' }]);

    expect(await github.keepIssue(MARKER, { close: 'As declared again.' }, OPTIONS)).toBe(url);
    expect(fake.issues).toMatchObject([{ ...worse, state: 'closed' }]);
    expect(fake.comments).toMatchObject([{ on: fake.issues[0]?.number, body: 'As declared again.' }]);

    expect(await github.keepIssue(MARKER, wanted, OPTIONS)).toBe(url);
    expect(fake.issues).toMatchObject([{ ...text, state: 'open' }]);
    expect(fake.mistakes).toEqual([]);
  });

  test('leaves without secrets, in title, text and closing word', async () => {
    await using client = await startClient();
    const { fake, github } = client;
    const telling = { title: `drift of ${PASSWORD}`, body: `${MARKER}\nredis said ${PASSWORD}`, head: MARKER };
    await github.keepIssue(MARKER, telling, OPTIONS);
    await github.keepIssue(MARKER, { close: `fine, ${PASSWORD}` }, OPTIONS);
    expect(fake.issues).toMatchObject([{ title: 'drift of ***', body: `${MARKER}\nredis said ***` }]);
    expect(JSON.stringify(fake.requests.map((one) => one.body))).not.toContain(PASSWORD);
  });

  test('that says the same already is left alone, also where its figures were others', async () => {
    await using client = await startClient();
    const { fake, github } = client;
    await github.keepIssue(MARKER, wanted, OPTIONS);
    const writes = () => fake.requests.filter(({ line }) => /^(POST|PATCH) \/repos/.test(line)).length;
    const before = writes();
    await github.keepIssue(MARKER, { ...wanted, body: `${wanted.body} of 7 GB` }, OPTIONS);
    expect(writes()).toBe(before);
  });

  test('that does not exist, or is closed, needs no closing', async () => {
    await using client = await startClient();
    const { fake, github } = client;
    expect(await github.keepIssue(MARKER, { close: 'Fine.' }, OPTIONS)).toBeNull();
    const url = await github.keepIssue(MARKER, wanted, OPTIONS);
    await github.keepIssue(MARKER, { close: 'Fine.' }, OPTIONS);
    expect(await github.keepIssue(MARKER, { close: 'Fine.' }, OPTIONS)).toBe(url);
    expect(fake.comments).toHaveLength(1);
  });

  test('is found behind two pages of others, and not by a copied marker', async () => {
    await using client = await startClient();
    const { fake, github } = client;
    const url = await github.keepIssue(MARKER, wanted, OPTIONS);
    const copied = { author: 'mallory', title: 'copied', body: wanted.body, state: 'open', reason: null } as const;
    for (let n = 1; n <= 210; n += 1) {
      fake.issues.push({ ...copied, number: n, labels: ['redis-cluster-drift'] });
    }
    expect(await github.keepIssue(MARKER, { close: 'Fine.' }, OPTIONS)).toBe(url);
    expect(fake.issues.filter((issue) => issue.state === 'closed')).toMatchObject([{ author: BOT }]);
  });

  test('is not opened twice when its answer is lost', async () => {
    await using client = await startClient();
    const { fake, github } = client;
    fake.faults.push({ on: /^POST .*\/issues$/, status: 502, carriedOut: true, times: 1 });
    await github.keepIssue(MARKER, wanted, OPTIONS);
    expect(fake.issues).toHaveLength(1);
  });

  test('needs no label to be made that is there', async () => {
    await using client = await startClient();
    const { fake, github } = client;
    fake.labels.add('redis-cluster-drift');
    expect(await github.keepIssue(MARKER, wanted, OPTIONS)).not.toBeNull();
  });
});
