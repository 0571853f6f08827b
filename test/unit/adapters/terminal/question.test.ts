import { PassThrough } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import { isAgreed } from '../../../../src/adapters/terminal/question.ts';
import { Failure } from '../../../../src/core/failure.ts';

interface Given {
  readonly answer?: string;
  readonly isEnd?: boolean;
  readonly stop?: AbortSignal;
}

function asked({ answer, isEnd = false, stop = new AbortController().signal }: Given): Promise<boolean> {
  const input = new PassThrough();
  const agreed = isAgreed('Apply?', 'Nothing was changed in cache.', {
    input,
    output: new PassThrough(),
    signal: stop,
  });
  if (answer !== undefined) input.write(answer);
  if (isEnd) input.end();
  return agreed;
}

describe('a question at a terminal', () => {
  test.each([
    ['yes\n', true],
    [' yes \n', true],
    ['y\n', false],
    ['no\n', false],
    ['\n', false],
  ])('that is answered with %j', async (answer, agreed) => {
    expect(await asked({ answer })).toBe(agreed);
  });

  test.each<[string, () => Given]>([
    ['the input ends (Ctrl-D)', () => ({ isEnd: true })],
    ['the input ends within an answer', () => ({ answer: 'ye', isEnd: true })],
    ['the run is to stop', () => ({ stop: AbortSignal.timeout(10) })],
    ['the run was to stop before', () => ({ stop: AbortSignal.abort(new Error('SIGINT')) })],
  ])('changes nothing where %s', async (_, given) => {
    const thrown = await asked(given()).catch((failure: unknown) => failure);
    if (!(thrown instanceof Failure)) throw new Error(`There was an answer: ${String(thrown)}`);
    expect(thrown.code).toBe('stopped');
    expect(thrown.message).toBe('Nothing was changed in cache. The question had no answer.');
  });
});
