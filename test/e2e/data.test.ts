import { describe, expect, test } from '@jest/globals';
import { type Cluster, slotOwners } from '../../src/core/cluster.ts';
import { array, type Reply } from '../../src/core/replies.ts';
import { print } from '../../src/core/slots.ts';
import { wordInSlot } from '../../src/migration/key-slot.ts';
import type { Command, Connection } from '../../src/ports/redis.ts';
import { load, loadEveryType } from '../support/dataset.ts';
import { eventually } from '../support/eventually.ts';
import { keysInWords, loadDetails } from '../support/every-detail.ts';
import { type Ask, callLibrary, loadLibrary } from '../support/library.ts';
import { Listener } from '../support/listener.ts';
import { startTraffic } from '../support/traffic.ts';
import { cachingClients } from './support/caching-clients.ts';
import { imagesThat, type LiveCluster, NEWER_THAN_6 } from './support/live-cluster.ts';
import { addressOf, ownerOf, seedsOfPods } from './support/pods.ts';
import { type StandingCluster, standUp } from './support/standing-cluster.ts';

const PINNED = '12000-16383';
const SHARES = `[{slots: "${PINNED}"}, {weight: 1}, {weight: 1}, {weight: 1}]`;
const NOT_OF_TRAFFIC = /^(?!traffic)/;
const HUNDRED_MEGABYTES = 100_000_000;

describe('what clusters hold, and how they are set', () => {
  test.concurrent.each(NEWER_THAN_6)(
    'on %s: all is kept, and clients go on, as they grow near maxmemory with slots pinned and shrink with a key of 100 MB',
    async (image) => {
      await using cluster = await standUp('data', { image, change: settings });
      const { live } = cluster;
      const start = await live.look();
      await fill(live, start);
      const owners = slotOwners(start).map(({ pod }) => asking(live, pod));
      const hasFunctions = await loadLibrary(owners);
      const script = String(await owners[0]?.(['SCRIPT', 'LOAD', "return redis.call('GET', KEYS[1])"]));
      const limit = await limitMemory(live);
      const small = await cluster.act(cluster.declare(2), { inputs: { command: 'apply' } });
      expect(small.outputs).toMatchObject({ 'failure-reason': 'not-enough-memory', changed: 'false' });

      await using caching = await cachingClients(live, start);
      const before = await kept(live, start);
      await underTraffic(cluster, SHARES);
      const grown = await live.look();
      expect(slotOwners(grown).map(({ slots }) => print(slots))).toContain(PINNED);
      expect(await kept(live, grown)).toEqual(before);
      const moved = caching.keys.filter((key) => ownerOf(start, key) !== ownerOf(grown, key));
      expect(moved.length).toBeGreaterThan(10);
      await eventually(async () => moved.every((key) => caching.wasTold(key)), 'every cache to be told');
      const [example = ''] = moved;
      await hearsOfDeletion(live, grown, example);
      await expect(live.send(ownerOf(grown, example), 'EVALSHA', script, 1, example)).rejects.toThrow('NOSCRIPT');
      if (hasFunctions) await callEverywhere(live, grown);

      await setEverywhere(live, 'maxmemory', limit);
      const leaving = slotOwners(grown).find(({ pod }) => start.members.every((member) => member.pod !== pod));
      const big = `big:{${wordInSlot(leaving?.slots[0]?.[0] ?? 0)}}`;
      await live.send(ownerOf(grown, big), 'SET', big, Buffer.alloc(HUNDRED_MEGABYTES, 'a hundred megabytes '));
      const withBig = await kept(live, grown);
      await underTraffic(cluster, '3');
      const shrunk = await live.look();
      expect(slotOwners(shrunk)).toHaveLength(3);
      expect(ownerOf(shrunk, big)).not.toBe(ownerOf(grown, big));
      expect(await kept(live, shrunk)).toEqual(withBig);
      if (hasFunctions) await callEverywhere(live, shrunk);
    },
    600_000,
  );

  test.concurrent.each(imagesThat(hasDatabases, 'valkey/valkey:9.1'))(
    'on %s: keys of two databases are kept, and what clients write, as it grows and shrinks',
    async (image) => {
      await using cluster = await standUp('databases', { image, change: severalDatabases });
      const start = await cluster.live.look();
      await loadEveryType({ pods: start.pods, redis: cluster.live.redis }, { each: 20 });
      await fillSecondDatabase(cluster.live, start);
      const before = [await kept(cluster.live, start), await keptInSecondDatabase(cluster.live, start)];
      for (const shards of ['4', '3']) {
        await underTraffic(cluster, shards);
        const seen = await cluster.live.look();
        expect([await kept(cluster.live, seen), await keptInSecondDatabase(cluster.live, seen)]).toEqual(before);
      }
    },
    600_000,
  );

  test.concurrent.each(NEWER_THAN_6.slice(-1))(
    'on %s: a cluster that holds nothing grows and shrinks',
    async (image) => {
      await using cluster = await standUp('empty', { image });
      for (const shards of [4, 3]) {
        await apply(cluster, String(shards));
        expect(slotOwners(await cluster.live.look())).toHaveLength(shards);
      }
    },
  );
});

/** Valkey from 9.0 on. */
function hasDatabases(image: string): boolean {
  return Number(/^valkey.*:(\d+)/.exec(image)?.[1] ?? 0) >= 9;
}

/** In place of the manifest's own, or beside them. */
function settings(text: string): string {
  const more = ['min-replicas-to-write 1', 'notify-keyspace-events KEA', 'enable-debug-command yes'];
  return text
    .replace('appendonly yes', ['appendonly no', ...more].join('\n    '))
    .replace(/limits:\n( +)memory: 512Mi/, 'limits:\n$1memory: 2Gi');
}

function severalDatabases(text: string): string {
  return text.replace('appendonly yes', 'cluster-databases 4\n    enable-debug-command yes');
}

/** Keys of every kind, and so many that the backlogs of the primaries, which count as memory, are full. */
async function fill(live: LiveCluster, { pods }: Cluster): Promise<void> {
  const servers = { pods, redis: live.redis };
  await load(servers, { keys: 3_000, bytes: 20_000 });
  await loadEveryType(servers, { each: 20 });
  await loadDetails(servers);
}

const SECOND = 2;

async function fillSecondDatabase(live: LiveCluster, cluster: Cluster): Promise<void> {
  const keys = Array.from({ length: 300 }, (_, i) => `second:${i}`);
  for (const { pod } of slotOwners(cluster)) {
    await using connection = await live.open(pod);
    const own = keys.filter((key) => ownerOf(cluster, key) === pod);
    const writes = own.map((key) => ['SET', key, `${key} of the second database`] as const);
    await sendAll(connection, [['SELECT', SECOND], ...writes]);
  }
}

/** Every key of database 0, but for those of the traffic. */
function kept(live: LiveCluster, { pods }: Cluster): Promise<readonly string[]> {
  return keysInWords({ pods, redis: live.redis }, NOT_OF_TRAFFIC);
}

async function keptInSecondDatabase(live: LiveCluster, cluster: Cluster): Promise<readonly string[]> {
  const parts = await Promise.all(
    slotOwners(cluster).map(async ({ pod }) => {
      await using connection = await live.open(pod);
      const names =
        (
          await sendAll(connection, [
            ['SELECT', SECOND],
            ['KEYS', '*'],
          ])
        )[1] ?? null;
      const keys = array(names, 'KEYS').map(String);
      const values = await sendAll(
        connection,
        keys.map((key) => ['GET', key]),
      );
      return keys.map((key, i) => `${key}: ${String(values[i])}`);
    }),
  );
  return parts.flat().toSorted();
}

async function sendAll(connection: Connection, commands: readonly Command[]): Promise<readonly Reply[]> {
  const answers = await connection.send(commands, { signal: AbortSignal.timeout(60_000) });
  return answers.map((answer) => {
    if (answer.ok) return answer.value;
    throw new Error(`${connection.pod} answers with: ${answer.error}`);
  });
}

/** Just above of what the fullest server uses now. @returns what it was */
async function limitMemory(live: LiveCluster): Promise<string> {
  const { members } = await live.look();
  const used = await Promise.all(
    members.map(async ({ pod }) =>
      Number(/used_memory:(\d+)/.exec(String(await live.send(pod, 'INFO', 'memory')))?.[1]),
    ),
  );
  const former = array(await live.send('redis-cluster-0', 'CONFIG', 'GET', 'maxmemory'), 'CONFIG GET');
  await setEverywhere(live, 'maxmemory', String(Math.round(Math.max(...used) * 1.05)));
  return String(former[1]);
}

async function setEverywhere(live: LiveCluster, name: string, value: string): Promise<void> {
  for (const { name: pod } of await live.pods()) await live.send(pod, 'CONFIG', 'SET', name, value);
}

async function apply(cluster: StandingCluster, shards: string): Promise<void> {
  const done = await cluster.act(cluster.declare(shards), { inputs: { command: 'apply' } });
  expect([done.outputs['result'], done.exitCode === 0 ? '' : done.log]).toEqual(['applied', '']);
}

async function underTraffic(cluster: StandingCluster, shards: string): Promise<void> {
  const { pods } = await cluster.live.look();
  await using traffic = await startTraffic(seedsOfPods(pods), {
    writers: 1,
    readers: 1,
    prefix: `traffic-${shards.length > 1 ? 'weights' : shards}`,
  });
  await apply(cluster, shards);
  expect(await traffic.stop()).toMatchObject({ errors: 0, wrong: 0, stale: 0, examples: [] });
  expect(await traffic.verify()).toEqual([]);
}

function asking(live: LiveCluster, pod: string): Ask {
  return (command) => live.send(pod, ...command);
}

async function callEverywhere(live: LiveCluster, cluster: Cluster): Promise<void> {
  for (const { pod, slots } of slotOwners(cluster)) {
    const word = wordInSlot(slots[0]?.[0] ?? 0);
    expect(await callLibrary(asking(live, pod), { word, value: pod })).toBe(pod);
  }
}

/** At the new owner of a key, and there alone. */
async function hearsOfDeletion(live: LiveCluster, cluster: Cluster, key: string): Promise<void> {
  using listener = new Listener(addressOf(cluster, ownerOf(cluster, key)));
  await listener.subscribe('__keyevent@0__:*');
  await live.send(ownerOf(cluster, key), 'DEL', key);
  await eventually(async () => listener.heard.includes(`__keyevent@0__:del ${key}`), 'the event');
}
