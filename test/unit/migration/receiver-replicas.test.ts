import { describe, expect, test } from '@jest/globals';
import { ReceiverReplicas } from '../../../src/migration/receiver-replicas.ts';
import type { Connection } from '../../../src/ports/redis.ts';
import { podOf } from '../../support/node-reports.ts';

const RATE = 1_000;

/** A receiver that gets so many bytes a millisecond, and the offsets of its replicas by time. */
function receiverOf(replicas: (now: number) => readonly number[]) {
  let now = 0;
  let looks = 0;
  const told: string[] = [];
  const main: Connection = {
    pod: podOf(1).name,
    send: async () => {
      looks += 1;
      const lines = replicas(now).map(
        (offset, i) => `slave${i}:ip=10.0.0.9,port=6379,state=online,offset=${offset},lag=0`,
      );
      const text = ['role:master', ...lines, `master_repl_offset:${now * RATE}`].join('\r\n');
      return [{ ok: true, value: Buffer.from(text) }];
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
  const clock = {
    now: () => now,
    sleep: async (milliseconds: number, { signal }: { signal: AbortSignal }) => {
      signal.throwIfAborted();
      now += milliseconds;
    },
  };
  const stop = new AbortController();
  const context = { clock, stop: stop.signal, tell: (event: { kind: string }) => told.push(event.kind) };
  const work = (milliseconds: number): void => {
    now += milliseconds;
  };
  return { receiver: { pod: podOf(1), main }, context, told, stop, work, now: () => now, looks: () => looks };
}

describe('the replicas of a receiver', () => {
  test('that say once a second where they are keep no move waiting', async () => {
    const { receiver, context, told, work, now } = receiverOf((at) => [Math.floor(at / 1_000) * 1_000 * RATE]);
    const replicas = await ReceiverReplicas.of(receiver, context);
    for (let batch = 0; batch < 100; batch += 1) {
      work(137);
      await replicas.keepUp();
    }
    expect([now(), told]).toEqual([13_700, []]);
  });

  test.each([100, 700, 3_000])(
    'that stand still let no batch of %s ms begin that is later than two seconds and a batch',
    async (batch) => {
      const { receiver, context, stop, work, now } = receiverOf((at) => [Math.min(at, 5_000) * RATE]);
      const replicas = await ReceiverReplicas.of(receiver, context);
      let begun = 0;
      await expect(
        (async () => {
          for (;;) {
            begun = now();
            work(batch);
            if (now() > 60_000) stop.abort(new Error('over'));
            await replicas.keepUp();
          }
        })(),
      ).rejects.toMatchObject({ code: 'migration-failed', message: expect.stringContaining('0 of its 1 replicas') });
      expect(begun).toBeLessThanOrEqual(5_000 + 2_000 + batch);
      expect(begun).toBeGreaterThan(4_000);
    },
  );

  test('that are gone are waited for, told of, and the move goes on when they are back', async () => {
    const { receiver, context, told, work, now } = receiverOf((at) => (at > 1_000 && at < 30_000 ? [] : [at * RATE]));
    const replicas = await ReceiverReplicas.of(receiver, context);
    work(5_000);
    await replicas.keepUp();
    expect(now()).toBeGreaterThanOrEqual(30_000);
    expect(told).toEqual(['note']);
  });

  test('have all at the end', async () => {
    const { receiver, context, work, now } = receiverOf((at) => [Math.max(0, at - 900) * RATE]);
    const replicas = await ReceiverReplicas.of(receiver, context);
    work(10_000);
    await replicas.haveAll();
    expect(now()).toBe(10_900);
  });

  test('are not waited for where there is none from the beginning', async () => {
    const { receiver, context, looks } = receiverOf(() => []);
    const replicas = await ReceiverReplicas.of(receiver, context);
    await replicas.keepUp();
    await replicas.haveAll();
    expect(looks()).toBe(1);
  });
});
