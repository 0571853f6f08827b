import { describe, expect, test } from '@jest/globals';
import type { Asked, GitHub } from '../../src/ports/github.ts';
import type { Fault } from '../support/fake-github.ts';
import { type Client, failureOf, shownPlans, startClient } from '../support/github-client.ts';

const MARKER = '<!-- redis-cluster-topology: cache -->';
const BODY = `${MARKER}\nplan`;
const { signal } = new AbortController();

const put = (github: GitHub, more: Partial<Asked> = {}) => github.putComment(7, MARKER, BODY, { signal, ...more });

/** As GitHub says it where it names no time. */
const SECONDARY = { status: 403, message: 'You have exceeded a secondary rate limit.' } as const;

/** A client whose next requests for comments fail so. */
async function limited(...faults: readonly Omit<Fault, 'on'>[]): Promise<Client> {
  const client = await startClient();
  client.fake.faults.push(...faults.map((fault) => ({ on: /^GET .*comments/, ...fault })));
  return client;
}

/** An hour's limit that ends at this time; the client's clock stands at 03:04:05. */
function usedUp(until: string): Omit<Fault, 'on'> {
  const reset = `${Date.parse(`2026-01-02T${until}Z`) / 1000}`;
  return { status: 403, headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset } };
}

describe('a rate limit', () => {
  test.each<[string, Omit<Fault, 'on'>, readonly number[]]>([
    ['as long as GitHub says', { status: 429, headers: { 'retry-after': '7' }, times: 1 }, [7_000]],
    ['the minute that GitHub says', { ...SECONDARY, headers: { 'retry-after': '60' }, times: 1 }, [60_000]],
    ['some minutes', { ...SECONDARY, headers: { 'retry-after': '240' }, times: 1 }, [240_000]],
    ['a minute where GitHub names no time, and longer the next time', { ...SECONDARY, times: 2 }, [60_000, 120_000]],
    ['until the hour is over', { ...usedUp('03:06:05'), times: 1 }, [120_000]],
    ['longer each time where the hour was over by our clock', { ...usedUp('03:00:00'), times: 3 }, [1000, 2000, 4000]],
  ])('is waited for: %s', async (_, fault, pauses) => {
    await using client = await limited(fault);
    await put(client.github);
    expect(client.pauses).toEqual(pauses);
    expect(client.fake.comments).toHaveLength(1);
  });

  test('is told while it is waited for', async () => {
    await using client = await limited({ ...SECONDARY, times: 1 });
    await put(client.github);
    expect(client.told).toEqual([
      'GitHub limits the rate of requests: waiting 60 s to read the comments of pull request 7.',
    ]);
  });

  test.each<[string, Omit<Fault, 'on'>, readonly number[], string]>([
    ['says so beforehand', { status: 429, headers: { 'retry-after': '301' } }, [], 'asks to wait 301 s'],
    ['goes on', SECONDARY, [60_000, 120_000], 'You have exceeded a secondary rate limit.'],
  ])('is not waited for when it lasts longer than five minutes and %s', async (_, fault, pauses, words) => {
    await using client = await limited(fault);
    const failure = await failureOf(put(client.github));
    expect(failure.message).toContain(words);
    expect(client.pauses).toEqual(pauses);
  });

  test('is waited for when the approval is read', async () => {
    await using client = await startClient();
    client.fake.pulls.push({ number: 7, base: 'main', merged: true, commits: ['c0ffee'] });
    client.fake.faults.push({ on: /^GET .*\/pulls/, ...SECONDARY, times: 1 });
    expect(await shownPlans(client.github, ['c0ffee'], MARKER)).toEqual([{ number: 7, comments: [] }]);
    expect(client.pauses).toEqual([60_000]);
  });

  test('leaves as much patience as before for a GitHub that does not answer', async () => {
    await using client = await limited({ ...SECONDARY, times: 2 }, { status: 503, times: 1 });
    await put(client.github);
    expect(client.pauses).toEqual([60_000, 120_000, 4_000]);
  });

  test('is given up at once by what cannot wait, and until it is over nothing more is sent', async () => {
    await using client = await limited({ ...SECONDARY, times: 1 });
    const hurried = () => failureOf(put(client.github, { limits: 'give-up' }));
    expect((await hurried()).message).toContain('a secondary rate limit');
    const sent = client.fake.requests.length;
    expect((await hurried()).message).toContain('a secondary rate limit');
    expect(client.fake.requests).toHaveLength(sent);
    expect(client.pauses).toEqual([]);
    await put(client.github);
    expect(client.pauses).toEqual([60_000]);
  });
});
