import { describe, expect, test } from '@jest/globals';
import { Failure } from '../../../src/core/failure.ts';
import type { SlotSet } from '../../../src/core/slots.ts';
import { type Following, follow, waitFor } from '../../../src/migration/follow.ts';
import type { Job, Jobs, Phase } from '../../../src/migration/jobs.ts';
import { redisJobs } from '../../../src/migration/jobs-redis.ts';
import { valkeyJobs } from '../../../src/migration/jobs-valkey.ts';
import type { Side } from '../../../src/migration/pair.ts';
import type { Connection } from '../../../src/ports/redis.ts';
import { podOf } from '../../support/node-reports.ts';

const SLOTS: SlotSet = [[0, 99]];

function job(id: string, phase: Phase, more: Partial<Job> = {}): Job {
  return { id, slots: SLOTS, phase, state: phase, message: '', retries: 0, ...more };
}

/** Nobody talks to it here. */
function sideOf(n: number): Side {
  const main: Connection = {
    pod: podOf(n).name,
    send: () => Promise.reject(new Error('There is no server.')),
    [Symbol.asyncDispose]: async () => undefined,
  };
  return {
    pod: podOf(n),
    id: String(n),
    shard: new Set(),
    software: 'valkey',
    waitsForReplicas: true,
    main,
    forSetSlot: [main],
  };
}

/** What a server shows at each millisecond, and when it was told to cancel. */
function stage(kind: Jobs, show: (now: number, cancelledAt: number | undefined) => readonly Job[]) {
  let now = 0;
  const cancelled: number[] = [];
  const stop = new AbortController();
  const jobs: Jobs = {
    ...kind,
    list: async () => show(now, cancelled[0]),
    reason: async (_, { message }) => message,
    cancel: async () => {
      cancelled.push(now);
    },
  };
  const following: Following = {
    pair: {
      donor: sideOf(0),
      receiver: sideOf(1),
      address: { host: '127.0.0.1', port: 6379 },
      averageKey: 100,
      open: () => Promise.reject(new Error('There is no server.')),
      [Symbol.asyncDispose]: async () => undefined,
    },
    jobs,
    context: {
      clock: {
        now: () => now,
        sleep: async (milliseconds, { signal }) => {
          signal.throwIfAborted();
          now += milliseconds;
        },
      },
      tell: () => undefined,
      stop: stop.signal,
    },
    begun: { jobs: new Set(['mine']), unseen: new Set() },
    stillAtIt: () => undefined,
  };
  return { following, cancelled, stop, now: () => now };
}

function may(...all: Job[]): boolean {
  return valkeyJobs.maySafelyCancel(all, new Set(['mine']));
}

describe('a job of Valkey', () => {
  test('may be cancelled until its snapshot is made, not where a hand-over is near, and never with one of somebody else', () => {
    expect(may(job('mine', 'waiting'))).toBe(true);
    expect(may(job('mine', 'copying'), job('other', 'done'))).toBe(true);
    expect(may(job('mine', 'handing-over'))).toBe(false);
    expect(may(job('mine', 'waiting'), job('other', 'waiting'))).toBe(false);
  });

  test('is as large as clients can wait for its keys to be deleted', () => {
    expect([1, 5, 20, 100].map((maxLatency) => valkeyJobs.mostKeys(maxLatency))).toEqual([
      5_000, 7_500, 30_000, 30_000,
    ]);
  });

  test('that is about to be handed over when the run is to stop is left to end, and its end counts', async () => {
    const { following, cancelled, stop } = stage(valkeyJobs, (now) => [
      job('mine', now < 5_000 ? 'handing-over' : 'done'),
    ]);
    stop.abort(new Error('enough'));
    expect(await follow('mine', 0, following)).toMatchObject({ phase: 'done' });
    expect(cancelled).toEqual([]);
  });

  test('that does not end by itself is not cancelled either, and left within 7 s', async () => {
    const { following, cancelled, stop, now } = stage(valkeyJobs, () => [job('mine', 'handing-over')]);
    stop.abort(new Error('enough'));
    await expect(follow('mine', 0, following)).rejects.toMatchObject({ code: 'migration-failed' });
    expect(cancelled).toEqual([]);
    expect(now()).toBeLessThan(7_000);
  });

  test('that still copies some seconds after the word to stop is cancelled', async () => {
    const { following, cancelled, stop } = stage(valkeyJobs, (_, at) => [
      job('mine', at === undefined ? 'copying' : 'cancelled'),
    ]);
    stop.abort(new Error('enough'));
    expect(await follow('mine', 0, following)).toMatchObject({ phase: 'cancelled' });
    expect(cancelled).toEqual([expect.closeTo(3_000, -2)]);
  });
});

describe('a job of somebody else', () => {
  test.each([valkeyJobs, redisJobs])(
    'is waited for and never cancelled: one that does not end is named ($command)',
    async (kind) => {
      const theirs = job('theirs', 'copying', { slots: [[200, 300]] });
      const { following, cancelled, now } = stage(kind, () => [theirs]);
      await expect(waitFor('theirs', SLOTS, following)).rejects.toMatchObject({
        code: 'migration-failed',
        message: expect.stringContaining('slots 200-300'),
        remedy: expect.stringContaining('CANCEL'),
      });
      expect(cancelled).toEqual([]);
      expect(now()).toBeGreaterThan(60_000);
    },
  );

  test('is waited for no longer when the run is to stop', async () => {
    const { following, cancelled, stop } = stage(valkeyJobs, () => [job('theirs', 'copying')]);
    const reason = new Failure('stopped', 'Stopped.', { remedy: 'Run again.' });
    stop.abort(reason);
    await expect(waitFor('theirs', SLOTS, following)).rejects.toBe(reason);
    expect(cancelled).toEqual([]);
  });

  test('that Redis begins anew for ever is cancelled where it moves slots of this move only', async () => {
    const part = stage(redisJobs, () => [job('left', 'failed', { slots: [[10, 20]] })]);
    expect(await waitFor('left', SLOTS, part.following)).toMatchObject({ phase: 'failed' });
    expect(part.cancelled).toHaveLength(1);
    const more = stage(redisJobs, () => [job('left', 'failed', { slots: [[10, 200]] })]);
    await expect(waitFor('left', SLOTS, more.following)).rejects.toMatchObject({ code: 'migration-failed' });
    expect(more.cancelled).toEqual([]);
  });
});
