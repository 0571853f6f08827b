import { describe, expect, test } from '@jest/globals';
import { Failure } from '../../../src/core/failure.ts';
import { throughLosses } from '../../../src/migration/losses.ts';
import type { Clock } from '../../../src/ports/clock.ts';

const MOVE = { from: 'redis-cluster-0', to: 'redis-cluster-1' };

function lost(pod: string, cause?: unknown): Failure {
  return new Failure('redis-unreachable', `The connection to ${pod} was lost.`, { remedy: 'Look at it.', cause });
}

/** Time that passes by sleeping alone. */
function clockOf(): Clock {
  let now = 0;
  return {
    now: () => now,
    sleep: async (milliseconds) => {
      now += milliseconds;
    },
  };
}

/** How often a move was tried that ends with `failure` each time, and what it ended with. */
async function triesOf(failure: (stop: AbortController) => Failure) {
  const stop = new AbortController();
  let tries = 0;
  const ended = await throughLosses(
    MOVE,
    { clock: clockOf(), stop: stop.signal, tell: () => undefined },
    {
      slotsDone: () => 0,
      isOver: async () => true,
      attempt: async ({ stands }) => {
        tries += 1;
        stands();
        throw failure(stop);
      },
    },
  ).catch((thrown: unknown) => thrown);
  return { tries, ended };
}

describe('a move whose connections are lost', () => {
  test('is tried again some times', async () => {
    const { tries, ended } = await triesOf(() => lost('redis-cluster-1'));
    expect(tries).toBe(11);
    expect(ended).toMatchObject({ code: 'redis-unreachable', message: expect.stringContaining('was cut off') });
  });

  test.each([
    ['itself', (reason: Failure) => reason],
    ['with slots left open', (reason: Failure) => lost('the same', reason)],
  ])(
    'is not tried again where the loss is that of another move, which is the reason to stop, %s',
    async (_how, wrap) => {
      const reason = lost('redis-cluster-2');
      const thrown = wrap(reason);
      const { tries, ended } = await triesOf((stop) => {
        stop.abort(reason);
        return thrown;
      });
      expect(tries).toBe(1);
      expect(ended).toBe(thrown);
    },
  );
});
