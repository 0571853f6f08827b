import { describe, expect, test } from '@jest/globals';
import { run as assignSlots } from '../../src/steps/assign-slots/run.ts';
import { run as join } from '../../src/steps/join/run.ts';
import { run as moveSlots } from '../../src/steps/move-slots/run.ts';
import { startLocalPlatform } from '../support/local-platform.ts';
import { REPRESENTATIVES } from '../support/servers.ts';
import { move, stageOf, view } from './migration/stage.ts';

function libraryOf(name: string, answer: number): string {
  return `#!lua name=${name}\nredis.register_function('${name}', function() return ${answer} end)`;
}

describe.each([...REPRESENTATIVES])('$name', (server) => {
  const knowsFunctions = !server.name.startsWith('redis-6');

  test('blank pods that join at the same time become one cluster with distinct config epochs', async () => {
    await using platform = await startLocalPlatform({ server, pods: 4 });
    await using redis = platform.redis();
    const context = await stageOf(platform, redis);
    await Promise.all(context.cluster.members.map(({ pod }) => join({ kind: 'join', pod }, context)));
    const after = await stageOf(platform, redis);
    expect(after.cluster.members.map((member) => member.configEpoch).toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4]);
    for (const pod of platform.pods()) expect((await view(redis, pod)).nodes.size).toBe(4);
  });

  test('slots are assigned, and assigning them again changes nothing', async () => {
    await using platform = await startLocalPlatform({ server, pods: 2 });
    await using redis = platform.redis();
    const context = await stageOf(platform, redis);
    for (const { pod } of context.cluster.members) await join({ kind: 'join', pod }, context);
    const joined = await stageOf(platform, redis);
    const halves = [
      { kind: 'assign-slots', pod: 'redis-cluster-0', slots: '0-8191', count: 8192 },
      { kind: 'assign-slots', pod: 'redis-cluster-1', slots: '8192-16000,16002-16383', count: 8191 },
    ] as const;
    await Promise.all(halves.map((half) => assignSlots(half, joined)));
    await assignSlots(halves[1], joined);
    const assigned = await stageOf(platform, redis);
    expect(assigned.cluster.members.map((member) => member.slots)).toEqual([
      [[0, 8191]],
      [
        [8192, 16_000],
        [16_002, 16_383],
      ],
    ]);
    const taken = { kind: 'assign-slots', pod: 'redis-cluster-1', slots: '8000-8191', count: 192 } as const;
    await expect(assignSlots(taken, assigned)).rejects.toMatchObject({ code: 'changed-meanwhile' });
  });

  test('a pod that joins a living cluster gets its functions and says that the cluster is ok', async () => {
    await using platform = await startLocalPlatform({ server, pods: 7 });
    await using redis = platform.redis();
    await platform.form({ shards: 3, replicas: 1 });
    const library = "#!lua name=mine\nredis.register_function('answer', function() return 42 end)";
    if (knowsFunctions) await platform.call('redis-cluster-0', ['FUNCTION', 'LOAD', library]);
    const context = await stageOf(platform, redis);
    await join({ kind: 'join', pod: 'redis-cluster-6' }, context);
    await join({ kind: 'join', pod: 'redis-cluster-6' }, context);
    expect(String(await platform.call('redis-cluster-6', ['CLUSTER', 'INFO']))).toContain('cluster_state:ok');
    if (knowsFunctions) expect(String(await platform.call('redis-cluster-6', ['FUNCTION', 'LIST']))).toContain('mine');
    expect(context.told.at(-1)?.kind).toBe('verified');
  });

  test('a receiver that serves slots keeps its own libraries and gets those that it lacks', async () => {
    if (!knowsFunctions) return;
    await using platform = await startLocalPlatform({ server, pods: 3 });
    await using redis = platform.redis();
    await platform.form({ shards: 3, replicas: 0 });
    const give = (pod: string, name: string, answer: number) =>
      platform.call(pod, ['FUNCTION', 'LOAD', 'REPLACE', libraryOf(name, answer)]);
    const names = async (pod: string) => String(await platform.call(pod, ['FUNCTION', 'LIST'])).match(/\b(one|two)\b/g);
    for (const [name, answer] of [
      ['one', 1],
      ['two', 2],
    ] as const)
      await give('redis-cluster-0', name, answer);
    for (const [name, answer] of [
      ['two', 2],
      ['one', 1],
    ] as const)
      await give('redis-cluster-1', name, answer);
    const context = await stageOf(platform, redis);
    await moveSlots(move('redis-cluster-0', 'redis-cluster-1', [[0, 0]]), context);
    await moveSlots(move('redis-cluster-0', 'redis-cluster-2', [[1, 1]]), context);
    expect(await names('redis-cluster-2')).toEqual(expect.arrayContaining(['one', 'two']));
    expect(JSON.stringify(context.told)).not.toContain('function librar');
    await give('redis-cluster-1', 'one', 100);
    await give('redis-cluster-0', 'three', 3);
    const later = await stageOf(platform, redis);
    await moveSlots(move('redis-cluster-0', 'redis-cluster-1', [[2, 2]]), later);
    expect(JSON.stringify(later.told)).toContain(
      'The code of the function libraries one is not the same on redis-cluster-0 and redis-cluster-1',
    );
    expect(String(await platform.call('redis-cluster-1', ['FUNCTION', 'LIST']))).toContain('three');
    const { cluster } = await stageOf(platform, redis);
    const digests = cluster.members.map(({ facts }) => new Map(facts.functions?.map((one) => [one.name, one.digest])));
    expect(digests[1]?.get('two')).toBe(digests[0]?.get('two'));
    expect(digests[1]?.get('one')).not.toBe(digests[0]?.get('one'));
    expect(String(await platform.call('redis-cluster-1', ['FUNCTION', 'LIST', 'WITHCODE']))).toContain('return 100');
  });

  test('a pod that owns slots though it knows nobody is refused and left as it is', async () => {
    await using platform = await startLocalPlatform({ server, pods: 3 });
    await using redis = platform.redis();
    await platform.call('redis-cluster-2', ['CLUSTER', 'ADDSLOTS', 12182]);
    await platform.call('redis-cluster-2', ['CONFIG', 'SET', 'cluster-require-full-coverage', 'no']);
    await platform.call('redis-cluster-2', ['CLUSTER', 'INFO']);
    const context = await stageOf(platform, redis);
    await expect(join({ kind: 'join', pod: 'redis-cluster-2' }, context)).rejects.toMatchObject({
      code: 'step-failed',
      message: expect.stringContaining('owns slots'),
    });
    expect((await view(redis, platform.pod('redis-cluster-2'))).me.slots).toEqual([[12_182, 12_182]]);
  });
});
