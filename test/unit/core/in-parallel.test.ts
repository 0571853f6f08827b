import { expect, test } from '@jest/globals';
import { inLanes, inParallel } from '../../../src/core/in-parallel.ts';

test('results come in the order of the items, however long each takes', async () => {
  const steps = Array.from({ length: 5 }, () => Promise.withResolvers<number>());
  const all = inParallel(steps, 2, async ({ promise }) => promise);
  for (const [i, { resolve }] of [...steps.entries()].toReversed()) resolve(i);
  expect(await all).toEqual([0, 1, 2, 3, 4]);
});

test('after the first error no further item is begun, and what has begun is waited for', async () => {
  const begun: string[] = [];
  const ended: string[] = [];
  const slow = Promise.withResolvers<void>();
  const all = inParallel(['fails', 'slow', 'never'], 2, async (item) => {
    begun.push(item);
    if (item === 'fails') throw new Error('first');
    await slow.promise;
    ended.push(item);
  });
  setImmediate(() => slow.resolve());
  await expect(all).rejects.toThrow('first');
  expect(begun).toEqual(['fails', 'slow']);
  expect(ended).toEqual(['slow']);
});

test('of the errors of several lanes the first is thrown, whichever lane it was in', async () => {
  let lanes = 0;
  const late = Promise.withResolvers<void>();
  const all = inLanes(2, async (hasFailed) => {
    lanes += 1;
    if (lanes === 2) throw new Error('first');
    await late.promise;
    if (hasFailed()) throw new Error('second');
  });
  setImmediate(() => late.resolve());
  await expect(all).rejects.toThrow('first');
});
