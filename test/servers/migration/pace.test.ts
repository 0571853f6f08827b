import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { partyOf } from '../../../src/migration/parties.ts';
import { watch } from '../../../src/migration/watches.ts';
import { run } from '../../../src/steps/move-slots/run.ts';
import { digest, load } from '../../support/dataset.ts';
import { describeOn } from '../../support/describe-on.ts';
import { eventually } from '../../support/eventually.ts';
import { startLocalPlatform } from '../../support/local-platform.ts';
import { REPRESENTATIVES } from '../../support/servers.ts';
import { tapped } from '../../support/tapped-redis.ts';
import { isAble, jobsAtWork } from './atomic-stage.ts';
import { move, openSlots, stageOf } from './stage.ts';

const [DONOR, RECEIVER, OTHER] = ['redis-cluster-0', 'redis-cluster-1', 'redis-cluster-2'];
const SLOW_COMMANDS = 50;
/** Holds a server up for some hundredths of a second, as a slow command of a client does. */
const SLOW_SCRIPT = 'local n = 0 for i = 1, 4000000 do n = n + i end return n';

describe.each([...REPRESENTATIVES])('$name', (server) => {
  test('a donor that answers late slows the move down, which is told with the reason, and every key arrives', async () => {
    await using platform = await startLocalPlatform({ server, pods: 3 });
    await using redis = platform.redis();
    await platform.form({ shards: 3, replicas: 0 });
    const servers = { pods: platform.pods(), redis };
    await load(servers, { keys: 60_000 });
    const before = [...(await digest(servers)).keys()].toSorted();
    const context = await stageOf(platform, redis, { method: 'classic' });
    const clients = async (): Promise<void> => {
      await eventually(async () => (await openSlots(platform, redis)).length > 0, 'slots on their way');
      for (let i = 0; i < SLOW_COMMANDS; i += 1) await platform.call(DONOR, ['EVAL', SLOW_SCRIPT, 0]);
    };
    await Promise.all([run(move(DONOR, RECEIVER, [[0, 4_000]]), context), clients()]);
    const slowed = context.told.flatMap((event) => (event.kind === 'slowed' ? [event] : []));
    // The receiver waits for the donor: where the machine has other work, too, its PING may be the first that is late.
    expect([DONOR, RECEIVER]).toContain(slowed[0]?.pod);
    expect(slowed[0]?.limit).toBe(20);
    expect(slowed[0]?.latency).toBeGreaterThan(slowed[0]?.atRest ?? 0);
    expect(slowed[0]?.speed).toBeLessThan(1 / 4);
    expect([...(await digest(servers)).keys()].toSorted()).toEqual(before);
    expect(await openSlots(platform, redis)).toEqual([]);
  });

  test('a move ends when the replicas of the receiver have all that it has got, and says what it waits for', async () => {
    const replica = 'redis-cluster-4';
    await using platform = await startLocalPlatform({ server, pods: 6 });
    await using redis = platform.redis();
    await platform.form({ shards: 3, replicas: 1 });
    await load({ pods: platform.pods(), redis }, { keys: 20_000 });
    const context = await stageOf(platform, redis, { method: 'auto' });
    platform.stop(replica);
    const moving = { isOver: false };
    const moved = run(move(DONOR, RECEIVER, [[0, 4_000]]), context).finally(() => {
      moving.isOver = true;
    });
    const waits = () =>
      context.told.some((event) => event.kind === 'note' && event.text.startsWith('Waiting for the replicas of'));
    await eventually(async () => waits() || moving.isOver, 'the move to wait');
    expect(moving.isOver).toBe(false);
    platform.resume(replica);
    await moved;
    const keys = async (pod: string) => Number(await platform.call(pod, ['DBSIZE']));
    expect(await keys(replica)).toBe(await keys(RECEIVER));
  });

  test('moves that share a server share its watch, which ends with the last of them', async () => {
    await using platform = await startLocalPlatform({ server, pods: 3 });
    await using redis = platform.redis();
    await platform.form({ shards: 3, replicas: 0 });
    const asked = new Map<string, number>();
    const counting = tapped(redis, ({ pod, commands }, send) => {
      if (commands.some(([name]) => name === 'PING')) asked.set(pod, (asked.get(pod) ?? 0) + 1);
      return send(commands);
    });
    const context = await stageOf(platform, counting, { method: 'classic' });
    const begin = (name: string) => watch(partyOf(name, context).pod, context);
    const [first, shared, again, last] = await Promise.all([DONOR, RECEIVER, RECEIVER, OTHER].map(begin));
    expect([shared?.watch === again?.watch, first?.watch === last?.watch]).toEqual([true, false]);
    expect(await pingsAsked(asked)).toEqual({ [DONOR]: true, [RECEIVER]: true, [OTHER]: true });
    for (const one of [first, shared]) await one?.[Symbol.asyncDispose]();
    expect(await pingsAsked(asked)).toEqual({ [DONOR]: false, [RECEIVER]: true, [OTHER]: true });
    for (const one of [again, last]) await one?.[Symbol.asyncDispose]();
    expect(await pingsAsked(asked)).toEqual({ [DONOR]: false, [RECEIVER]: false, [OTHER]: false });
    await using anew = await begin(RECEIVER);
    expect(anew.watch).not.toBe(shared?.watch);
  });
});

/** Which servers are asked PING within a tenth of a second. */
async function pingsAsked(asked: Map<string, number>): Promise<Record<string, boolean>> {
  const before = new Map(asked);
  await sleep(100);
  return Object.fromEntries([...asked].map(([pod, times]) => [pod, times > (before.get(pod) ?? 0)]));
}
describeOn(REPRESENTATIVES.filter(isAble))('$name', (server) => {
  test('a donor that answers late while jobs are at work makes them smaller, which is told with the reason', async () => {
    await using platform = await startLocalPlatform({ server, pods: 3 });
    await using redis = platform.redis();
    await platform.form({ shards: 3, replicas: 0 });
    await load({ pods: platform.pods(), redis }, { keys: 20_000 });
    const context = await stageOf(platform, redis, { method: 'atomic', maxLatency: 5 });
    // So that a job takes a second or two.
    await platform.call(DONOR, ['CONFIG', 'SET', 'rdb-key-save-delay', 100]);
    const over = new AbortController();
    const clients = async (): Promise<void> => {
      // What PING takes before is no part of what is too late.
      while (!over.signal.aborted && (await jobsAtWork(platform)).length === 0);
      while (!over.signal.aborted) await platform.call(DONOR, ['EVAL', SLOW_SCRIPT, 0]);
    };
    const moving = run(move(DONOR, RECEIVER, [[0, 4_000]]), context).finally(() => {
      over.abort();
    });
    await Promise.all([moving, clients()]);
    const [slowed] = context.told.flatMap((event) => (event.kind === 'slowed' ? [event] : []));
    expect([DONOR, RECEIVER]).toContain(slowed?.pod);
    expect(slowed).toMatchObject({ limit: 5, speed: 1 / 2 });
    expect(await openSlots(platform, redis)).toEqual([]);
  });
});
