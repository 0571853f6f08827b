import { describe, expect, test } from '@jest/globals';
import { count, equals, type SlotSet, takeLowest } from '../../src/core/slots.ts';
import type { Redis } from '../../src/ports/redis.ts';
import { run as join } from '../../src/steps/join/run.ts';
import { run as moveSlots } from '../../src/steps/move-slots/run.ts';
import type { MoveSlots } from '../../src/steps/move-slots/shape.ts';
import { seedsOf } from '../support/cluster-client.ts';
import { differences, digest, type KeyDigest, load, loadEveryType, primariesOf } from '../support/dataset.ts';
import { describeOn } from '../support/describe-on.ts';
import { type LocalPlatform, startLocalPlatform } from '../support/local-platform.ts';
import { REPRESENTATIVES } from '../support/servers.ts';
import { startTraffic } from '../support/traffic.ts';
import { move, openSlots, stageOf } from './migration/stage.ts';

/** What was loaded, not what traffic writes. */
async function loaded(platform: LocalPlatform, redis: Redis): Promise<ReadonlyMap<string, KeyDigest>> {
  const pods = await primariesOf({ pods: platform.pods(), redis });
  const all = await digest({ pods, redis });
  return new Map([...all].filter(([key]) => /^(key|typed):/.test(key)));
}

async function slotsOf(platform: LocalPlatform, redis: Redis): Promise<readonly number[]> {
  const { cluster } = await stageOf(platform, redis);
  return cluster.members.map((member) => count(member.slots));
}

describe.each([...REPRESENTATIVES])('$name', (server) => {
  test('3 to 4 shards and back again under traffic: no client sees an error, every key is as it was', async () => {
    await using platform = await startLocalPlatform({ server, pods: 7 });
    await using redis = platform.redis();
    await platform.form({ shards: 3, replicas: 1 });
    const servers = { pods: platform.pods(), redis };
    await load(servers, { keys: 20_000 });
    await loadEveryType(servers, { each: 100 });
    const before = await loaded(platform, redis);

    await using traffic = await startTraffic(seedsOf(platform));
    const blank = await stageOf(platform, redis);
    await join({ kind: 'join', pod: 'redis-cluster-6' }, blank);
    const grow = await stageOf(platform, redis);
    const donors = grow.cluster.members.filter((member) => member.slots.length > 0);
    const there = donors.map(({ pod, slots }) => move(pod, 'redis-cluster-6', takeLowest(slots, 1365)));
    await Promise.all(there.map((step) => moveSlots(step, grow)));
    expect(await slotsOf(platform, redis)).toEqual([4096, 4097, 4096, 0, 0, 0, 4095]);
    expect(await openSlots(platform, redis)).toEqual([]);
    expect(differences(before, await loaded(platform, redis))).toEqual([]);

    const shrink = await stageOf(platform, redis);
    const back = there.map((step): MoveSlots => ({ ...step, from: step.to, to: step.from }));
    await Promise.all(back.map((step) => moveSlots(step, shrink)));
    const report = await traffic.stop();
    expect(report).toMatchObject({ errors: 0, wrong: 0, stale: 0 });
    expect(report.writes).toBeGreaterThan(100);
    expect(await traffic.verify()).toEqual([]);
    expect(await slotsOf(platform, redis)).toEqual([5461, 5462, 5461, 0, 0, 0, 0]);
    expect(await openSlots(platform, redis)).toEqual([]);
    expect(differences(before, await loaded(platform, redis))).toEqual([]);
    expect(grow.told.some((event) => event.kind === 'moving' && event.keys !== null && event.keysDone > 0)).toBe(true);
  });

  test('a move that is already done changes nothing', async () => {
    await using platform = await startLocalPlatform({ server, pods: 3 });
    await using redis = platform.redis();
    await platform.form({ shards: 3, replicas: 0 });
    const slots: SlotSet = [[0, 99]];
    await moveSlots(move('redis-cluster-0', 'redis-cluster-1', slots), await stageOf(platform, redis));
    const after = await stageOf(platform, redis);
    await moveSlots(move('redis-cluster-0', 'redis-cluster-1', slots), after);
    const again = await stageOf(platform, redis);
    expect(again.cluster.members.map((member) => member.slots)).toEqual(after.cluster.members.map((m) => m.slots));
  });

  test('a move that is told to stop leaves no slot open, and the next one finishes it', async () => {
    await using platform = await startLocalPlatform({ server, pods: 6 });
    await using redis = platform.redis();
    await platform.form({ shards: 3, replicas: 1 });
    await load({ pods: platform.pods(), redis }, { keys: 60_000 });
    const before = await loaded(platform, redis);
    const stop = new AbortController();
    const reason = new Error('enough');
    const context = await stageOf(platform, redis, { stop: stop.signal, method: 'classic' });
    const slots: SlotSet = [[0, 4000]];
    const step = move('redis-cluster-0', 'redis-cluster-1', slots);
    const moving = moveSlots(step, context);
    setTimeout(() => stop.abort(reason), 150);
    await expect(moving).rejects.toBe(reason);
    expect(await openSlots(platform, redis)).toEqual([]);
    const half = await slotsOf(platform, redis);
    expect(half[0]).toBeGreaterThan(5461 - 4001);

    const rest = await stageOf(platform, redis);
    await moveSlots(step, rest);
    expect(await slotsOf(platform, redis)).toEqual([1460, 9463, 5461, 0, 0, 0]);
    expect(differences(before, await loaded(platform, redis))).toEqual([]);
  });

  test('servers with a password get it from MIGRATE', async () => {
    await using platform = await startLocalPlatform({ server, pods: 3, password: 'a-secret' });
    await using redis = platform.redis();
    await platform.form({ shards: 3, replicas: 0 });
    await load({ pods: platform.pods(), redis }, { keys: 3_000 });
    const before = await loaded(platform, redis);
    const context = await stageOf(platform, redis);
    await moveSlots(move('redis-cluster-0', 'redis-cluster-2', [[0, 2_000]]), context);
    expect(differences(before, await loaded(platform, redis))).toEqual([]);
    expect(await slotsOf(platform, redis)).toEqual([3460, 5462, 7462]);
  });

  test('a donor that gives its last slot away is drained whole', async () => {
    await using platform = await startLocalPlatform({ server, pods: 6 });
    await using redis = platform.redis();
    await platform.form({ shards: 3, replicas: 1 });
    await load({ pods: platform.pods(), redis }, { keys: 3_000 });
    const before = await loaded(platform, redis);
    const context = await stageOf(platform, redis);
    const all = context.cluster.members[2]?.slots ?? [];
    await moveSlots(move('redis-cluster-2', 'redis-cluster-0', all), context);
    expect(differences(before, await loaded(platform, redis))).toEqual([]);
    const after = await stageOf(platform, redis);
    expect(after.cluster.members[2]?.slots).toEqual([]);
    expect(equals(after.cluster.members[0]?.slots ?? [], [[0, 5460], ...all])).toBe(true);
    expect(await openSlots(platform, redis)).toEqual([]);
  });

  test('one big key arrives whole', async () => {
    await using platform = await startLocalPlatform({ server, pods: 3 });
    await using redis = platform.redis();
    await platform.form({ shards: 3, replicas: 0 });
    // {1} is in slot 9842, of the second shard.
    for (let part = 0; part < 20; part += 1) {
      const fields = Array.from({ length: 10_000 }, (_, i) => [`field ${part}:${i}`, 'x'.repeat(40)]).flat();
      await platform.call('redis-cluster-1', ['HSET', 'typed:{1}', ...fields]);
    }
    const before = await loaded(platform, redis);
    await moveSlots(move('redis-cluster-1', 'redis-cluster-0', [[9_800, 9_900]]), await stageOf(platform, redis));
    expect(differences(before, await loaded(platform, redis))).toEqual([]);
    expect(await platform.call('redis-cluster-0', ['HLEN', 'typed:{1}'])).toBe(200_000);
  });
});

describeOn(REPRESENTATIVES.filter(({ name }) => name.startsWith('redis')))('$name', (server) => {
  test('a receiver does not tell every node each slot by itself, and all know it at the end', async () => {
    await using platform = await startLocalPlatform({ server, pods: 6 });
    await using redis = platform.redis();
    await platform.form({ shards: 3, replicas: 1 });
    const context = await stageOf(platform, redis, { method: 'classic' });
    const told = await pongsOf(platform, 'redis-cluster-1');
    const slots: SlotSet = [[0, 1_999]];
    await moveSlots(move('redis-cluster-0', 'redis-cluster-1', slots), context);
    expect((await pongsOf(platform, 'redis-cluster-1')) - told).toBeLessThan(2_000);
  });
});

/** How many answers and announcements a node has sent on the cluster bus. */
async function pongsOf(platform: LocalPlatform, pod: string): Promise<number> {
  const info = String(await platform.call(pod, ['CLUSTER', 'INFO']));
  return Number(/cluster_stats_messages_pong_sent:(\d+)/.exec(info)?.[1]);
}
