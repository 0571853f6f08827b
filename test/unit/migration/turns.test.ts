import { setImmediate as settle } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { Turns, type Use } from '../../../src/migration/turns.ts';

type How = 'alone' | 'marks';

function use(nodes: Readonly<Record<string, How>>): Use {
  return new Map(Object.entries(nodes));
}

/** Begins works that each last until they are let go, and shows which have begun. */
function stage() {
  const turns = new Turns();
  const begun: string[] = [];
  const never = new AbortController().signal;
  const begin = (name: string, nodes: Readonly<Record<string, How>>, signal = never) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const done = turns.during(use(nodes), signal, async () => {
      begun.push(name);
      await promise;
    });
    return { done, end: resolve };
  };
  return { begun, begin };
}

describe('who works on which nodes', () => {
  test.each<[string, Readonly<Record<string, How>>, Readonly<Record<string, How>>, boolean]>([
    ['different nodes', { a: 'alone', x: 'alone' }, { b: 'alone', y: 'alone' }, true],
    ['a receiver that serves one', { a: 'alone', x: 'alone' }, { b: 'alone', x: 'alone' }, false],
    ['a donor that serves one', { a: 'alone', x: 'alone' }, { a: 'alone', y: 'alone' }, false],
    ['two that open slots', { a: 'marks', x: 'marks' }, { a: 'marks', y: 'marks' }, true],
    ['a job beside open slots', { a: 'alone', x: 'alone' }, { b: 'marks', x: 'marks' }, false],
  ])('%s', async (_name, first, second, together) => {
    const { begun, begin } = stage();
    const one = begin('first', first);
    const other = begin('second', second);
    await settle();
    expect(begun).toEqual(together ? ['first', 'second'] : ['first']);
    one.end();
    await one.done;
    await settle();
    expect(begun).toEqual(['first', 'second']);
    other.end();
    await other.done;
  });

  test('who can begin does not wait behind who cannot', async () => {
    const { begun, begin } = stage();
    const works = [
      begin('a to x', { a: 'alone', x: 'alone' }),
      begin('b to x', { b: 'alone', x: 'alone' }),
      begin('b to y', { b: 'alone', y: 'alone' }),
    ];
    await settle();
    expect(begun).toEqual(['a to x', 'b to y']);
    for (const work of works) work.end();
    await Promise.all(works.map((work) => work.done));
    expect(begun).toEqual(['a to x', 'b to y', 'b to x']);
  });

  test('who is told to stop while waiting ends with the reason and blocks nobody', async () => {
    const { begun, begin } = stage();
    const stop = new AbortController();
    const first = begin('first', { a: 'alone' });
    const second = begin('second', { a: 'alone' }, stop.signal);
    const third = begin('third', { a: 'alone' });
    stop.abort(new Error('enough'));
    await expect(second.done).rejects.toThrow('enough');
    first.end();
    third.end();
    await third.done;
    expect(begun).toEqual(['first', 'third']);
  });

  test('work that fails ends its turn', async () => {
    const turns = new Turns();
    const { signal } = new AbortController();
    const failing = turns.during(use({ a: 'alone' }), signal, () => Promise.reject(new Error('broken')));
    await expect(failing).rejects.toThrow('broken');
    expect(await turns.during(use({ a: 'alone' }), signal, async () => 'next')).toBe('next');
  });
});
