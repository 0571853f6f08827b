import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { wordInSlot } from '../../../src/migration/key-slot.ts';
import type { Redis } from '../../../src/ports/redis.ts';
import { run } from '../../../src/steps/move-slots/run.ts';
import { digest, load } from '../../support/dataset.ts';
import { eventually } from '../../support/eventually.ts';
import { type LocalPlatform, startLocalPlatform } from '../../support/local-platform.ts';
import { REPRESENTATIVES, SERVERS } from '../../support/servers.ts';
import { move, openSlots, stageOf } from './stage.ts';

const DONOR = 'redis-cluster-0';
const RECEIVER = 'redis-cluster-1';
const STEP = move(DONOR, RECEIVER, [[0, 2_000]]);

interface Trouble {
  readonly name: string;
  readonly on: typeof DONOR | typeof RECEIVER;
  readonly make: readonly (string | number)[];
  readonly mend: readonly (string | number)[];
  readonly code: string;
  readonly says: RegExp;
}

const TROUBLES: readonly Trouble[] = [
  {
    name: 'a receiver that wants replicas which are not there (NOREPLICAS)',
    on: RECEIVER,
    make: ['CONFIG', 'SET', 'min-replicas-to-write', 1],
    mend: ['CONFIG', 'SET', 'min-replicas-to-write', 0],
    code: 'migration-failed',
    says: /NOREPLICAS.*redis-cluster-1 takes no writes: too few of its replicas/,
  },
  {
    name: 'a donor that wants them',
    on: DONOR,
    make: ['CONFIG', 'SET', 'min-replicas-to-write', 1],
    mend: ['CONFIG', 'SET', 'min-replicas-to-write', 0],
    code: 'migration-failed',
    says: /redis-cluster-0 says "NOREPLICAS.*redis-cluster-0 takes no writes: too few of its replicas/,
  },
  {
    name: 'a user who may not RESTORE on the receiver (NOPERM)',
    on: RECEIVER,
    make: ['ACL', 'SETUSER', 'default', '-restore-asking'],
    mend: ['ACL', 'SETUSER', 'default', '+restore-asking'],
    code: 'redis-permission',
    says: /NOPERM.*redis-cluster-1: MIGRATE needs "\+restore-asking"/,
  },
];

/** Names of all keys, each on one primary: a key on two is an error. */
async function keysOf(platform: LocalPlatform, redis: Redis): Promise<readonly string[]> {
  return [...(await digest({ pods: platform.pods(), redis })).keys()].toSorted();
}

describe.each([...REPRESENTATIVES])('$name', (server) => {
  test.each([...TROUBLES])(
    '$name is named, nothing is lost or left open, and afterwards the move goes on',
    async (trouble) => {
      await using platform = await startLocalPlatform({ server, pods: 3 });
      await using redis = platform.redis();
      await platform.form({ shards: 3, replicas: 0 });
      await load({ pods: platform.pods(), redis }, { keys: 3_000 });
      const before = await keysOf(platform, redis);
      await platform.call(trouble.on, trouble.make);
      const attempt = run(STEP, await stageOf(platform, redis, { method: 'classic' }));
      await expect(attempt).rejects.toMatchObject({
        code: trouble.code,
        message: expect.stringMatching(trouble.says),
        remedy: expect.stringContaining('run apply again'),
      });
      expect(await openSlots(platform, redis)).toEqual([]);
      expect(await keysOf(platform, redis)).toEqual(before);

      await platform.call(trouble.on, trouble.mend);
      await run(STEP, await stageOf(platform, redis, { method: 'classic' }));
      expect(await openSlots(platform, redis)).toEqual([]);
      expect(await keysOf(platform, redis)).toEqual(before);
    },
  );

  test('a key that is larger than the receiver takes is named, and stays where it is', async () => {
    await using platform = await startLocalPlatform({ server, pods: 3 });
    await using redis = platform.redis();
    await platform.form({ shards: 3, replicas: 0 });
    // {b} is in slot 3300. Random bytes, since servers compress what repeats itself.
    await platform.call(DONOR, ['SET', '{b}', randomBytes(4_000_000)]);
    await platform.call(RECEIVER, ['CONFIG', 'SET', 'proto-max-bulk-len', 1_048_576]);
    const step = move(DONOR, RECEIVER, [[3_290, 3_310]]);
    const moving = run(step, await stageOf(platform, redis, { method: 'classic' }));
    await expect(moving).rejects.toMatchObject({ code: 'migration-failed' });
    await expect(moving).rejects.toThrow(
      /(IOERR|bulk length).*a key of [45]\.\d MB: redis-cluster-1 hangs up.*proto-max-bulk-len/,
    );
    expect(await openSlots(platform, redis)).toEqual([]);
    expect(await platform.call(DONOR, ['STRLEN', '{b}'])).toBe(4_000_000);
  });

  test('a receiver that is CLUSTERDOWN for a moment is waited for', async () => {
    await using platform = await startLocalPlatform({ server, pods: 3 });
    await using redis = platform.redis();
    await platform.form({ shards: 3, replicas: 0 });
    await load({ pods: platform.pods(), redis }, { keys: 2_000 });
    const before = await keysOf(platform, redis);
    const context = await stageOf(platform, redis, { method: 'classic' });
    // It forgets who owns a slot of the third, and with that the cluster is down for it, until gossip tells it again.
    await platform.call(RECEIVER, ['CLUSTER', 'DELSLOTS', 16_000]);
    await run(STEP, context);
    expect(await keysOf(platform, redis)).toEqual(before);
    expect(await openSlots(platform, redis)).toEqual([]);
  });

  test('a receiver that hangs for seconds holds the donor up once, and the move goes on when it answers', async () => {
    await using platform = await startLocalPlatform({ server, pods: 3, nodeTimeout: 15_000 });
    await using redis = platform.redis();
    await platform.form({ shards: 3, replicas: 0 });
    await load({ pods: platform.pods(), redis }, { keys: 60_000 });
    const before = await keysOf(platform, redis);
    const context = await stageOf(platform, redis, { method: 'classic' });
    const moving = run(STEP, context);
    while (!(await openSlots(platform, redis)).some((mark) => mark.startsWith(DONOR)));
    platform.stop(RECEIVER);
    setTimeout(() => platform.resume(RECEIVER), 6_000);
    await moving;
    expect(await keysOf(platform, redis)).toEqual(before);
    expect(await openSlots(platform, redis)).toEqual([]);
  });

  test('a big key among small ones arrives, and the small ones with it', async () => {
    await using platform = await startLocalPlatform({ server, pods: 3 });
    await using redis = platform.redis();
    await platform.form({ shards: 3, replicas: 0 });
    await load({ pods: platform.pods(), redis }, { keys: 5_000 });
    await platform.call(DONOR, ['SET', '{b}', randomBytes(60_000_000)]);
    for (let i = 0; i < 300; i += 1) await platform.call(DONOR, ['SET', `{b}:${i}`, 'small']);
    const before = await keysOf(platform, redis);
    await run(move(DONOR, RECEIVER, [[3_200, 3_400]]), await stageOf(platform, redis, { method: 'classic' }));
    expect(await keysOf(platform, redis)).toEqual(before);
    expect(await platform.call(RECEIVER, ['STRLEN', '{b}'])).toBe(60_000_000);
    expect(await openSlots(platform, redis)).toEqual([]);
  });
});

for (const server of SERVERS.filter(({ name }) => name.startsWith('valkey'))) {
  test.each([
    [1, 'key that has expired and is'],
    // More than go in one MIGRATE, or are asked for at once.
    [400, 'keys that have expired and are'],
  ])(`${server.name}: %i %s kept in import mode: the move ends in words, and without that it goes on`, async (keys) => {
    await using platform = await startLocalPlatform({ server, pods: 3 });
    await using redis = platform.redis();
    await platform.form({ shards: 3, replicas: 0 });
    await platform.call(DONOR, ['CONFIG', 'SET', 'import-mode', 'yes']);
    const names = Array.from({ length: keys }, (_, i) => `{${wordInSlot(7)}}:${i}`);
    for (const name of names) await platform.call(DONOR, ['SET', name, 'value', 'PX', 1]);
    await eventually(async () => (await platform.call(DONOR, ['EXISTS', ...names])) === 0, 'their end');
    expect(await platform.call(DONOR, ['CLUSTER', 'COUNTKEYSINSLOT', 7])).toBe(keys);
    const attempt = run(STEP, await stageOf(platform, redis, { method: 'classic' }));
    await expect(attempt).rejects.toMatchObject({
      code: 'migration-failed',
      message: expect.stringContaining('Cannot empty slot 7 of redis-cluster-0'),
      remedy: expect.stringContaining('`import-mode no`'),
    });
    await platform.call(DONOR, ['CONFIG', 'SET', 'import-mode', 'no']);
    await run(STEP, await stageOf(platform, redis, { method: 'classic' }));
    expect(await openSlots(platform, redis)).toEqual([]);
    expect(await platform.call(DONOR, ['CLUSTER', 'COUNTKEYSINSLOT', 7])).toBe(0);
  });
}
