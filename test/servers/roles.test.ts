import { describe, expect, test } from '@jest/globals';
import type { Redis } from '../../src/ports/redis.ts';
import { run as failOver } from '../../src/steps/fail-over/run.ts';
import { run as forget } from '../../src/steps/forget/run.ts';
import { run as join } from '../../src/steps/join/run.ts';
import { run as moveSlots } from '../../src/steps/move-slots/run.ts';
import { run as remove } from '../../src/steps/remove/run.ts';
import { run as replicate } from '../../src/steps/replicate/run.ts';
import { applyOn, type Ground, planOn } from '../support/apply.ts';
import { seedsOf } from '../support/cluster-client.ts';
import { differences, digest, digestOfPod, load, losses, primariesOf } from '../support/dataset.ts';
import { type LocalPlatform, startLocalPlatform } from '../support/local-platform.ts';
import { NEWEST } from '../support/servers.ts';
import { topologyOf } from '../support/topology.ts';
import { startTraffic } from '../support/traffic.ts';
import { move, stageOf, view } from './migration/stage.ts';

const pod = (ordinal: number): string => `redis-cluster-${ordinal}`;

async function rolesOf(platform: LocalPlatform, redis: Redis): Promise<readonly string[]> {
  const { cluster } = await stageOf(platform, redis);
  return cluster.members.map((member) => (member.role === 'primary' ? '-' : (member.primary ?? '?').slice(-1)));
}

describe.each([...NEWEST])('$name', (server) => {
  test('a pod that joins becomes a replica with all keys, and changes to another shard at once', async () => {
    await using platform = await startLocalPlatform({ server, pods: 4 });
    await using redis = platform.redis();
    await platform.form({ shards: 3, replicas: 0 });
    await load({ pods: platform.pods(), redis }, { keys: 3_000 });
    await join({ kind: 'join', pod: pod(3) }, await stageOf(platform, redis));
    const keysOf = (ordinal: number) => digestOfPod(redis, platform.pod(pod(ordinal)));

    await replicate({ kind: 'replicate', pod: pod(3), primary: pod(0) }, await stageOf(platform, redis));
    expect(differences(await keysOf(0), await keysOf(3))).toEqual([]);
    await replicate({ kind: 'replicate', pod: pod(3), primary: pod(2) }, await stageOf(platform, redis));
    await replicate({ kind: 'replicate', pod: pod(3), primary: pod(2) }, await stageOf(platform, redis));
    expect(differences(await keysOf(2), await keysOf(3))).toEqual([]);
    expect(await rolesOf(platform, redis)).toEqual(['-', '-', '-', '2']);
  });

  test('a primary that owns slots is not made a replica', async () => {
    await using platform = await startLocalPlatform({ server, pods: 3 });
    await using redis = platform.redis();
    await platform.form({ shards: 3, replicas: 0 });
    const context = await stageOf(platform, redis);
    await expect(replicate({ kind: 'replicate', pod: pod(1), primary: pod(0) }, context)).rejects.toMatchObject({
      code: 'step-failed',
      message: expect.stringContaining('it owns slots 5461-10922'),
    });
  });

  test('a replica takes over under traffic: no client sees an error and no write is lost', async () => {
    await using platform = await startLocalPlatform({ server, pods: 6 });
    await using redis = platform.redis();
    await platform.form({ shards: 3, replicas: 1 });
    await using traffic = await startTraffic(seedsOf(platform));
    const step = { kind: 'fail-over', pod: pod(4), from: pod(1) } as const;
    const context = await stageOf(platform, redis);
    await failOver(step, context);
    await failOver(step, context);
    expect(await rolesOf(platform, redis)).toEqual(['-', '4', '-', '0', '-', '2']);
    expect(await traffic.stop()).toMatchObject({ errors: 0, wrong: 0, stale: 0 });
    expect(await traffic.verify()).toEqual([]);
  });

  test('a pod of another shard does not take over', async () => {
    await using platform = await startLocalPlatform({ server, pods: 6 });
    await using redis = platform.redis();
    await platform.form({ shards: 3, replicas: 1 });
    const context = await stageOf(platform, redis);
    await expect(failOver({ kind: 'fail-over', pod: pod(4), from: pod(0) }, context)).rejects.toMatchObject({
      code: 'step-failed',
    });
    expect(await rolesOf(platform, redis)).toEqual(['-', '-', '-', '0', '1', '2']);
  });

  test('a replica and then a drained primary are reset and forgotten by all, and can join again', async () => {
    await using platform = await startLocalPlatform({ server, pods: 8 });
    await using redis = platform.redis();
    await platform.form({ shards: 4, replicas: 1 });
    await load({ pods: platform.pods(), redis }, { keys: 1_000 });
    await remove({ kind: 'remove', pod: pod(7) }, await stageOf(platform, redis));
    const owner = { kind: 'remove', pod: pod(3) } as const;
    await expect(remove(owner, await stageOf(platform, redis))).rejects.toMatchObject({ code: 'step-failed' });

    const before = await stageOf(platform, redis);
    const slots = before.cluster.members[3]?.slots ?? [];
    await moveSlots(move(pod(3), pod(0), slots), before);
    await remove(owner, await stageOf(platform, redis));
    await remove(owner, await stageOf(platform, redis));
    const gone = [pod(3), pod(7)];
    for (const { name } of platform.pods()) {
      expect((await view(redis, platform.pod(name))).nodes.size).toBe(gone.includes(name) ? 1 : 6);
    }
    await join({ kind: 'join', pod: pod(7) }, await stageOf(platform, redis));
    expect((await view(redis, platform.pod(pod(0)))).nodes.size).toBe(7);
  });

  test('a removal that was cut off after the reset is finished by the next run', async () => {
    await using platform = await startLocalPlatform({ server, pods: 6 });
    await using redis = platform.redis();
    await platform.form({ shards: 3, replicas: 1 });
    await platform.call(pod(5), ['CLUSTER', 'RESET', 'HARD']);
    const stage = await stageOf(platform, redis);
    // Until a node has noticed the reset it knows the address, and so which pod it was; then it is found nowhere.
    const lost = stage.cluster.strangers.filter((stranger) => stranger.nowhere === true);
    for (const { id } of lost) await forget({ kind: 'forget', node: id }, stage);
    await remove({ kind: 'remove', pod: pod(5) }, stage);
    for (const { name } of platform.pods()) {
      expect((await view(redis, platform.pod(name))).nodes.size).toBe(name === pod(5) ? 1 : 5);
    }
  });

  test.each([
    ['while others look for it at its address', false],
    ['when all have seen that another one answers there', true],
  ])(
    'a removal that was cut off after the reset, and is gone on with %s, leaves no key on a volume that is kept',
    async (_when, isNoticed) => {
      await using platform = await startLocalPlatform({ server, pods: 4, appendOnly: true });
      await using redis = platform.redis();
      await platform.form({ shards: 2, replicas: 1 });
      const servers = () => ({ pods: platform.pods(), redis });
      await load(servers(), { keys: 500 });
      const before = await digest({ pods: await primariesOf(servers()), redis });
      const id = String(await platform.call(pod(3), ['CLUSTER', 'MYID']));
      await platform.call(pod(3), ['CLUSTER', 'RESET', 'HARD']);
      const isNowhere = (nodes: string): boolean =>
        nodes.split('\n').some((line) => line.startsWith(id) && line.includes('noaddr'));
      if (isNoticed) await platform.until([pod(0), pod(1), pod(2)], isNowhere);

      const ground: Ground = { kubernetes: platform.kubernetes, redis };
      const shape = (replicas: number) => topologyOf(platform.place, { shards: 2, replicas });
      await applyOn(ground, shape(0));
      expect(platform.pods()).toHaveLength(2);
      await applyOn(ground, shape(1));
      expect((await planOn(ground, shape(1))).stages).toEqual([]);
      expect(losses(before, await digest({ pods: await primariesOf(servers()), redis }))).toEqual([]);
    },
  );

  test('a primary that others replicate is not removed', async () => {
    await using platform = await startLocalPlatform({ server, pods: 5 });
    await using redis = platform.redis();
    await platform.form({ shards: 3, replicas: 0 });
    await join({ kind: 'join', pod: pod(3) }, await stageOf(platform, redis));
    await join({ kind: 'join', pod: pod(4) }, await stageOf(platform, redis));
    await replicate({ kind: 'replicate', pod: pod(4), primary: pod(3) }, await stageOf(platform, redis));
    const context = await stageOf(platform, redis);
    await expect(remove({ kind: 'remove', pod: pod(3) }, context)).rejects.toMatchObject({
      message: expect.stringContaining('redis-cluster-4 still replicate it'),
    });
  });

  test('a node whose server is gone is forgotten by all; one that owns slots is not', async () => {
    await using platform = await startLocalPlatform({ server, pods: 6 });
    await using redis = platform.redis();
    await platform.form({ shards: 3, replicas: 1 });
    const before = await stageOf(platform, redis);
    await platform.kill(pod(5));
    const context = await stageOf(platform, redis);
    await forget({ kind: 'forget', node: before.cluster.members[5]?.id ?? '' }, context);
    for (const { name } of platform.pods().filter((candidate) => candidate.ready)) {
      expect((await view(redis, platform.pod(name))).nodes.size).toBe(5);
    }
    const owner = { kind: 'forget', node: before.cluster.members[0]?.id ?? '' } as const;
    await expect(forget(owner, context)).rejects.toMatchObject({ code: 'step-failed' });
  });
});
