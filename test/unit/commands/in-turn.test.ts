import { expect, test } from '@jest/globals';
import { InTurn } from '../../../src/commands/in-turn.ts';
import type { Runner } from '../../../src/ports/runner.ts';

test('works that run side by side are heard one after the other, in the order in which they began', async () => {
  const log: string[] = [];
  const inTurn = new InTurn(runnerThatWrites(log));
  const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const works = [
    inTurn.speak(async (runner) => {
      runner.info('a begins');
      await first.promise;
      runner.warning('a ends');
      return 'a';
    }),
    inTurn.speak(async (runner) => {
      runner.info('b begins');
      await second.promise;
      runner.error('b ends');
      return 'b';
    }),
  ];
  second.resolve();
  await Promise.resolve();
  first.resolve();
  expect(await Promise.all(works)).toEqual(['a', 'b']);
  expect(log).toEqual(['a begins', 'warning: a ends', 'b begins', 'error: b ends']);
});

test('the one whose turn it is is heard at once', async () => {
  const log: string[] = [];
  const gate = Promise.withResolvers<void>();
  const work = new InTurn(runnerThatWrites(log)).speak(async (runner) => {
    await Promise.resolve();
    runner.info('looking');
    await gate.promise;
  });
  await new Promise((resolve) => setImmediate(resolve));
  expect(log).toEqual(['looking']);
  gate.resolve();
  await work;
});

test('a work that fails does not silence the next', async () => {
  const log: string[] = [];
  const inTurn = new InTurn(runnerThatWrites(log));
  const failing = inTurn.speak(() => Promise.reject(new Error('no way')));
  const next = inTurn.speak(async (runner) => runner.info('here'));
  await expect(failing).rejects.toThrow('no way');
  await next;
  expect(log).toEqual(['here']);
});

function runnerThatWrites(log: string[]): Runner {
  return {
    info: (line) => log.push(line),
    warning: (text) => log.push(`warning: ${text}`),
    error: (text) => log.push(`error: ${text}`),
    group: (_title, work) => work(),
    annotate: () => {},
    output: () => {},
    summary: async () => {},
    keep: async (name) => name,
  };
}
