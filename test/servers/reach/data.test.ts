import { describe, expect, test } from '@jest/globals';
import { slotOwners } from '../../../src/core/cluster.ts';
import { wordInSlot } from '../../../src/migration/key-slot.ts';
import { run } from '../../../src/steps/move-slots/run.ts';
import { applyOn, type Ground, look, planOn } from '../../support/apply.ts';
import { differences, digest, load, loadEveryType } from '../../support/dataset.ts';
import { eventually } from '../../support/eventually.ts';
import { keysInWords, loadDetails, withDigests } from '../../support/every-detail.ts';
import { type Ask, callLibrary, loadLibrary } from '../../support/library.ts';
import { Listener } from '../../support/listener.ts';
import { type LocalPlatform, startLocalPlatform } from '../../support/local-platform.ts';
import { onEach, REPRESENTATIVES } from '../../support/servers.ts';
import { topologyOf } from '../../support/topology.ts';
import { move, openSlots, stageOf } from '../migration/stage.ts';

const ONE = 'redis-cluster-0';
const OTHER = 'redis-cluster-1';
/** Of the first of three shards. */
const SLOT = 1_000;
const WORD = wordInSlot(SLOT);

const SETTINGS: readonly (readonly [name: string, value: string])[] = [
  ['cluster-require-full-coverage', 'no'],
  ['cluster-allow-replica-migration', 'no'],
  ['appendonly', 'no'],
  ['min-replicas-to-write', '1'],
];

describe.each(onEach(SETTINGS))('on $server.name', ({ one, server }) => {
  test.each([one])(
    'a cluster with %s %s grows and shrinks, with functions, and keeps every key',
    async (name, value) => {
      const config = { ...withDigests(server), [name]: value };
      await using platform = await startLocalPlatform({ server, pods: 6, appendOnly: true, config });
      await using redis = platform.redis();
      await platform.form({ shards: 3, replicas: 1 });
      const servers = { pods: platform.pods(), redis };
      await loadEveryType(servers);
      await loadDetails(servers);
      const hasFunctions = await loadLibrary([0, 1, 2].map((n) => askOf(platform, `redis-cluster-${n}`)));
      const before = await keysOf(platform);
      const ground: Ground = { kubernetes: platform.kubernetes, redis };
      for (const shards of [4, 3]) {
        const topology = topologyOf(platform.place, { shards, replicas: 1 });
        await applyOn(ground, topology);
        const cluster = await look(ground, topology);
        expect(slotOwners(cluster)).toHaveLength(shards);
        expect((await planOn(ground, topology)).stages).toEqual([]);
        expect(await keysOf(platform)).toEqual(before);
        if (!hasFunctions) continue;
        for (const { pod, slots } of slotOwners(cluster)) {
          const word = wordInSlot(slots[0]?.[0] ?? 0);
          expect(await callLibrary(askOf(platform, pod), { word, value: pod })).toBe(pod);
        }
      }
    },
  );
});

describe.each([...REPRESENTATIVES])('on $name', (server) => {
  test('an empty cluster grows and shrinks', async () => {
    await using platform = await startLocalPlatform({ server, pods: 3 });
    await using redis = platform.redis();
    await platform.form({ shards: 3, replicas: 0 });
    const ground: Ground = { kubernetes: platform.kubernetes, redis };
    for (const shards of [4, 3]) {
      const topology = topologyOf(platform.place, { shards, replicas: 0 });
      await applyOn(ground, topology);
      expect((await planOn(ground, topology)).stages).toEqual([]);
    }
  });

  test('a cluster near maxmemory grows; to shrink is refused before the first change', async () => {
    await using platform = await startLocalPlatform({ server, pods: 3 });
    await using redis = platform.redis();
    await platform.form({ shards: 3, replicas: 0 });
    const servers = { pods: platform.pods(), redis };
    await load(servers, { keys: 3_000, bytes: 20_000 });
    const before = await digest(servers);
    const ground: Ground = { kubernetes: platform.kubernetes, redis };
    await limitMemory(platform);
    const smaller = topologyOf(platform.place, { shards: 2, replicas: 0 });
    await expect(planOn(ground, smaller)).rejects.toMatchObject({ code: 'not-enough-memory' });
    // The new one has the same limit, as the manifest gives it to all.
    await platform.scale(4);
    await limitMemory(platform);
    await applyOn(ground, topologyOf(platform.place, { shards: 4, replicas: 0 }));
    expect(differences(before, await digest({ pods: platform.pods(), redis }))).toEqual([]);
  });

  test.each(['auto', 'classic'] as const)('a key of 100 MB moves: %s', async (method) => {
    await using platform = await startLocalPlatform({ server, pods: 3, config: withDigests(server) });
    await using redis = platform.redis();
    await platform.form({ shards: 3, replicas: 0 });
    await platform.call(ONE, ['SET', `big:{${WORD}}`, Buffer.alloc(100_000_000, 'a hundred megabytes ')]);
    const before = await keysOf(platform);
    const context = await stageOf(platform, redis, { method });
    await run(move(ONE, OTHER, [[SLOT, SLOT]]), context);
    expect(await openSlots(platform, redis)).toEqual([]);
    expect(await keysOf(platform)).toEqual(before);
    expect(await platform.call(OTHER, ['STRLEN', `big:{${WORD}}`])).toBe(100_000_000);
  });

  test.each(['auto', 'classic'] as const)(
    'who is told of events hears of a key at its new owner: %s',
    async (method) => {
      const config = { 'notify-keyspace-events': 'KEA' };
      await using platform = await startLocalPlatform({ server, pods: 3, config });
      await using redis = platform.redis();
      await platform.form({ shards: 3, replicas: 0 });
      await platform.call(ONE, ['SET', `{${WORD}}:short`, 'value', 'PX', 4_000]);
      await platform.call(ONE, ['SET', `{${WORD}}:long`, 'value']);
      using listener = new Listener(addressOf(platform, OTHER));
      await listener.subscribe('__keyevent@0__:*');
      const context = await stageOf(platform, redis, { method });
      await run(move(ONE, OTHER, [[SLOT, SLOT]]), context);
      await platform.call(OTHER, ['DEL', `{${WORD}}:long`]);
      const heard = (event: string, key: string) => listener.heard.includes(`__keyevent@0__:${event} {${WORD}}:${key}`);
      await eventually(async () => heard('del', 'long') && heard('expired', 'short'), 'both events');
    },
  );

  test.each(['auto', 'classic'] as const)('who caches a key is told when it leaves: %s', async (method) => {
    await using platform = await startLocalPlatform({ server, pods: 3 });
    await using redis = platform.redis();
    await platform.form({ shards: 3, replicas: 0 });
    await platform.call(ONE, ['SET', `{${WORD}}:cached`, 'value']);
    using listener = new Listener(addressOf(platform, ONE));
    const id = await listener.id();
    await listener.subscribe('__redis__:invalidate');
    const signal = AbortSignal.timeout(30_000);
    await using cache = await redis.open(platform.pod(ONE), { signal });
    const read = ['GET', `{${WORD}}:cached`] as const;
    await cache.send([['CLIENT', 'TRACKING', 'ON', 'REDIRECT', id], read], { signal });
    const context = await stageOf(platform, redis, { method });
    await run(move(ONE, OTHER, [[SLOT, SLOT]]), context);
    await eventually(async () => listener.heard.some((text) => text.includes(`{${WORD}}:cached`)), 'the invalidation');
    expect(String(await platform.call(OTHER, ['GET', `{${WORD}}:cached`]))).toBe('value');
  });

  test('scripts stay where they were loaded, and a script by its text runs at the new owner', async () => {
    await using platform = await startLocalPlatform({ server, pods: 3 });
    await using redis = platform.redis();
    await platform.form({ shards: 3, replicas: 0 });
    const key = `{${WORD}}:scripted`;
    const script = "return redis.call('GET', KEYS[1])";
    await platform.call(ONE, ['SET', key, 'value']);
    const sha = String(await platform.call(ONE, ['SCRIPT', 'LOAD', script]));
    const context = await stageOf(platform, redis);
    await run(move(ONE, OTHER, [[SLOT, SLOT]]), context);
    await expect(platform.call(OTHER, ['EVALSHA', sha, 1, key])).rejects.toThrow('NOSCRIPT');
    expect(String(await platform.call(OTHER, ['EVAL', script, 1, key]))).toBe('value');
    expect(String(await platform.call(OTHER, ['EVALSHA', sha, 1, key]))).toBe('value');
  });
});

function askOf(platform: LocalPlatform, pod: string): Ask {
  return (command) => platform.call(pod, command);
}

function addressOf(platform: LocalPlatform, pod: string): { readonly host: string; readonly port: number } {
  return { host: '127.0.0.1', port: platform.port(pod) };
}

async function keysOf(platform: LocalPlatform): Promise<readonly string[]> {
  await using redis = platform.redis();
  return await keysInWords({ pods: platform.pods(), redis });
}

/** The same for all: little above of what the fullest uses now. */
async function limitMemory(platform: LocalPlatform): Promise<void> {
  const names = platform.pods().map(({ name }) => name);
  const texts = await Promise.all(names.map((name) => platform.call(name, ['INFO', 'memory'])));
  const used = texts.map((text) => Number(/used_memory:(\d+)/.exec(String(text))?.[1]));
  const limit = Math.round(Math.max(...used) * 1.05);
  await Promise.all(names.map((name) => platform.call(name, ['CONFIG', 'SET', 'maxmemory', limit])));
}
