import { createServer } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { systemClock } from '../../../src/adapters/process/clock.ts';
import { checkPath } from '../../../src/migration/canary.ts';
import { openPair } from '../../../src/migration/pair.ts';
import { STEADY } from '../../../src/servers/ask.ts';
import { run } from '../../../src/steps/move-slots/run.ts';
import { digest, load, namesOfKeys } from '../../support/dataset.ts';
import { startLocalPlatform } from '../../support/local-platform.ts';
import { anyServer, REPRESENTATIVES } from '../../support/servers.ts';
import { move, openSlots, stageOf } from './stage.ts';

describe.each([...REPRESENTATIVES])('$name', (server) => {
  test('a receiver that is full is named, no key is lost, and with more memory the move goes on', async () => {
    await using platform = await startLocalPlatform({ server, pods: 3 });
    await using redis = platform.redis();
    await platform.form({ shards: 3, replicas: 0 });
    await load({ pods: platform.pods(), redis }, { keys: 6_000, bytes: 1_000 });
    const servers = { pods: platform.pods(), redis };
    const before = await digest(servers);
    const classic = () => stageOf(platform, redis, { method: 'classic' });
    const used = (await classic()).cluster.members[1]?.facts.memory ?? 0;
    await platform.call('redis-cluster-1', ['CONFIG', 'SET', 'maxmemory', used + 600_000]);
    const step = move('redis-cluster-0', 'redis-cluster-1', [[0, 5_000]]);
    await expect(run(step, await classic())).rejects.toMatchObject({
      code: 'migration-failed',
      message: expect.stringMatching(/OOM.*redis-cluster-1 has reached its maxmemory/),
    });
    expect(await namesOfKeys(servers)).toEqual([...before.keys()].toSorted());

    await platform.call('redis-cluster-1', ['CONFIG', 'SET', 'maxmemory', 0]);
    await run(step, await classic());
    expect([...(await digest(servers)).keys()].toSorted()).toEqual([...before.keys()].toSorted());
    expect(await openSlots(platform, redis)).toEqual([]);
  });

  test('a receiver with another password is named before any slot is open', async () => {
    await using platform = await startLocalPlatform({ server, pods: 3, password: 'one' });
    await using redis = platform.redis();
    await platform.form({ shards: 3, replicas: 0 });
    await load({ pods: platform.pods(), redis }, { keys: 1_000 });
    const context = await stageOf(platform, redis);
    // Connections that are there stay logged in; the donor's own has to log in anew.
    const keep = await openPair(partyOf(context, 0), partyOf(context, 1), context);
    await platform.call('redis-cluster-1', ['CONFIG', 'SET', 'requirepass', 'another']);
    const slots = Array.from({ length: 100 }, (_, slot) => slot);
    await expect(checkPath(keep, slots, { clock: systemClock, stop: STEADY })).rejects.toMatchObject({
      code: 'redis-auth',
      message: expect.stringMatching(/WRONGPASS|invalid password/),
    });
    await keep[Symbol.asyncDispose]();
    expect(String(await platform.call('redis-cluster-0', ['CLUSTER', 'NODES']))).not.toContain('[');
  });

  test('keys that a receiver holds of a slot that is not its own are refused', async () => {
    await using platform = await startLocalPlatform({ server, pods: 3 });
    await using redis = platform.redis();
    await platform.form({ shards: 3, replicas: 0 });
    const context = await stageOf(platform, redis, { method: 'classic' });
    const [, donor] = context.cluster.members;
    // {1} is in slot 9842, of the second shard.
    await platform.call('redis-cluster-0', ['CLUSTER', 'SETSLOT', 9842, 'IMPORTING', donor?.id ?? '']);
    const asking = await redis.connection(platform.pod('redis-cluster-0'), { signal: context.stop });
    await asking.send([['ASKING'], ['SET', '{1}', 'left over']], { signal: context.stop });
    await platform.call('redis-cluster-0', ['CLUSTER', 'SETSLOT', 9842, 'STABLE']);
    await expect(run(move('redis-cluster-1', 'redis-cluster-0', [[9_842, 9_842]]), context)).rejects.toMatchObject({
      code: 'migration-failed',
      message: expect.stringContaining('Keys that were deleted since would come back'),
    });
    expect(await openSlots(platform, redis)).toEqual([]);
  });
});

function partyOf({ cluster }: Awaited<ReturnType<typeof stageOf>>, ordinal: number) {
  const [pod, member] = [cluster.pods[ordinal], cluster.members[ordinal]];
  if (pod === undefined || member === undefined) throw new Error(`There is no pod ${ordinal}.`);
  return { pod, member };
}

test.each([
  ['a donor', 0],
  ['a donor that is full, so that it takes no key to try the way with', 1],
])('something at the receiver’s address that is not Redis gets no key from %s', async (_donor, maxmemory) => {
  await using platform = await startLocalPlatform({ server: anyServer(), pods: 3 });
  await using redis = platform.redis();
  await platform.form({ shards: 3, replicas: 0 });
  await load({ pods: platform.pods(), redis }, { keys: 1_000 });
  const before = await digest({ pods: platform.pods(), redis });
  expect(await platform.call('redis-cluster-0', ['CLUSTER', 'COUNTKEYSINSLOT', 0])).toBe(0);
  await platform.call('redis-cluster-0', ['CONFIG', 'SET', 'maxmemory', maxmemory]);
  const sidecar = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.on('data', () => socket.write('HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n'.repeat(4)));
  });
  await new Promise<void>((resolve) => sidecar.listen(0, '127.0.0.1', resolve));
  const address = sidecar.address();
  if (address === null || typeof address === 'string') throw new Error('The sidecar has no port.');
  try {
    const context = await stageOf(platform, redis);
    await using pair = await openPair(partyOf(context, 0), partyOf(context, 1), context);
    const astray = { ...pair, address: { host: '127.0.0.1', port: address.port } };
    const slots = Array.from({ length: 100 }, (_, slot) => slot);
    await expect(checkPath(astray, slots, { clock: systemClock, stop: STEADY })).rejects.toMatchObject({
      code: 'migration-failed',
      message: expect.stringContaining('Something else answers at that address'),
    });
  } finally {
    sidecar.close();
  }
  expect([...(await digest({ pods: platform.pods(), redis })).keys()].toSorted()).toEqual(
    [...before.keys()].toSorted(),
  );
  expect(await openSlots(platform, redis)).toEqual([]);
});
