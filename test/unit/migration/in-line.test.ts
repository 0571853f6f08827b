import { expect, test } from '@jest/globals';
import { inLine } from '../../../src/migration/in-line.ts';
import type { Answer } from '../../../src/ports/redis.ts';

const { signal } = new AbortController();

test('what is asked for behind a long command gets the time of that command, too', async () => {
  const waiting: { readonly timeout: number | undefined; readonly answer: (answers: readonly Answer[]) => void }[] = [];
  const line = inLine({
    pod: 'redis-cluster-0',
    send: (_, { timeout }) => new Promise((answer) => waiting.push({ timeout, answer })),
    [Symbol.asyncDispose]: async () => undefined,
  });
  const long = line.send([['MIGRATE']], { signal, timeout: 200_000 });
  const behind = line.send([['MEMORY', 'USAGE', 'key']], { signal });
  expect(waiting.map(({ timeout }) => timeout)).toEqual([200_000, 215_000]);
  for (const { answer } of waiting) answer([]);
  await Promise.all([long, behind]);
  const alone = line.send([['PING']], { signal });
  expect(waiting.at(-1)?.timeout).toBe(15_000);
  waiting.at(-1)?.answer([]);
  await alone;
});
