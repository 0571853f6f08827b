import { describe, expect, test } from '@jest/globals';
import { run } from '../../../src/steps/move-slots/run.ts';
import { differences, load } from '../../support/dataset.ts';
import { startLocalPlatform } from '../../support/local-platform.ts';
import { REPRESENTATIVES } from '../../support/servers.ts';
import { loaded } from './atomic-stage.ts';
import { move, openSlots, stageOf } from './stage.ts';
import { Tap } from './tap.ts';

const [DONOR, RECEIVER] = ['redis-cluster-0', 'redis-cluster-1'];

describe.each([...REPRESENTATIVES])('$name', (server) => {
  test('told to stop in the middle of a batch it ends within 7 s, and closes each slot at both servers in two steps', async () => {
    await using platform = await startLocalPlatform({ server, pods: 3 });
    await using redis = platform.redis();
    await platform.form({ shards: 3, replicas: 0 });
    await load({ pods: platform.pods(), redis }, { keys: 10_000 });
    const before = await loaded(platform, redis);
    const stop = new AbortController();
    const reason = new Error('enough');
    let stoppedAt = Number.NaN;
    const tap = new Tap(redis, 40, async () => {
      stoppedAt = Date.now();
      stop.abort(reason);
    });
    const context = await stageOf(platform, redis, { stop: stop.signal, method: 'classic' });
    await expect(run(move(DONOR, RECEIVER, [[0, 2_000]]), { ...context, redis: tap })).rejects.toBe(reason);
    expect(Date.now() - stoppedAt).toBeLessThan(7_000);
    expect(await openSlots(platform, redis)).toEqual([]);
    expect(differences(before, await loaded(platform, redis))).toEqual([]);

    // A client that asks for a key that is not there is sent to and fro while only the receiver has closed its slot.
    const sent = tap.sentAfter
      .map(({ pod, commands }) => ({ pod, words: commands.map((command) => command.map(String).join(' ')) }))
      .filter(({ words }) => words[0] !== 'PING');
    const closedAt = (pod: string) =>
      sent.flatMap((one, at) =>
        one.pod === pod
          ? one.words.filter((words) => words.endsWith('STABLE')).map((words) => [words, at] as const)
          : [],
      );
    const atReceiver = new Map(closedAt(RECEIVER));
    expect(atReceiver.size).toBeGreaterThan(50);
    const between = closedAt(DONOR).flatMap(([words, at]) => sent.slice((atReceiver.get(words) ?? 0) + 1, at));
    expect(between.filter(({ pod }) => pod !== DONOR)).toEqual([]);
  });
});
