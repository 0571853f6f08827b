import { describe, expect, test } from '@jest/globals';
import { run } from '../../../src/steps/move-slots/run.ts';
import { digest, load } from '../../support/dataset.ts';
import { startLocalPlatform } from '../../support/local-platform.ts';
import { REPRESENTATIVES } from '../../support/servers.ts';
import { eventually, move, openSlots, stageOf } from './stage.ts';

const [DONOR, RECEIVER] = ['redis-cluster-0', 'redis-cluster-1'];
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
});
