import { describe, expect, test } from '@jest/globals';
import type { Pod } from '../../../src/core/cluster.ts';
import type { SlotSet } from '../../../src/core/slots.ts';
import { wordInSlot } from '../../../src/migration/key-slot.ts';
import type { Redis } from '../../../src/ports/redis.ts';
import { run } from '../../../src/steps/move-slots/run.ts';
import { startAppending } from '../../support/appended-lists.ts';
import { seedsOf } from '../../support/cluster-client.ts';
import { load, loadEveryType, primariesOf } from '../../support/dataset.ts';
import { eventually } from '../../support/eventually.ts';
import {
  type Details,
  detailsOf,
  loadBigKeys,
  loadDetails,
  loadShortLived,
  withDigests,
} from '../../support/every-detail.ts';
import { type LocalPlatform, startLocalPlatform } from '../../support/local-platform.ts';
import { REPRESENTATIVES } from '../../support/servers.ts';
import { move, openSlots, stageOf } from './stage.ts';

const ONE = 'redis-cluster-0';
const OTHER = 'redis-cluster-1';
const PODS = [0, 1, 2, 3, 4, 5].map((ordinal) => `redis-cluster-${ordinal}`);

const OFTEN: SlotSet = [[0, 199]];
/** Some of these. */
const TAGGED: readonly number[] = [0, 50, 100, 150, 199];
const WORDS = TAGGED.map(wordInSlot);
const tagOf = (i: number): string => `:{${WORDS[i % WORDS.length]}}`;
const WITH_BIG_KEYS: SlotSet = [[3_000, 3_200]];

const LIBRARY = `#!lua name=kept
redis.register_function('kept', function() return 'kept' end)`;

describe.each([...REPRESENTATIVES])('slots that move to and fro on $name', (server) => {
  test('ten times, by every way there is, keep all of every key, on primaries, on replicas and after a restart of all', async () => {
    await using platform = await startLocalPlatform({ server, pods: 6, appendOnly: true, config: withDigests(server) });
    await using redis = platform.redis();
    await platform.form({ shards: 3, replicas: 1 });
    const begun = Date.now();
    const servers = { pods: platform.pods(), redis };
    await load(servers, { keys: 10_000 });
    await loadEveryType(servers, { each: 60 });
    await loadEveryType(servers, { each: 20, tagOf });
    await loadDetails(servers, { tagOf });
    // All of these are in slots that move.
    for (const slot of TAGGED) {
      expect(await platform.call(ONE, ['CLUSTER', 'COUNTKEYSINSLOT', slot])).toBeGreaterThanOrEqual(4 * (13 + 7));
    }
    await loadBigKeys(servers, platform.pod(ONE), wordInSlot(3_100));
    const hasFunctions = await loadLibrary(platform);
    const [before] = await bothHalves(platform, redis);
    await loadShortLived(servers, tagOf);
    await using lists = await startAppending(seedsOf(platform));

    const isAtomic = await toAndFro(5, 'auto', platform, redis);
    const [between] = await bothHalves(platform, redis);
    expect(changes(before, between, isAtomic ? 0 : DRIFT)).toEqual([]);
    await toAndFro(5, 'classic', platform, redis);
    const { commands, faults } = await lists.stop();
    expect(faults).toEqual([]);
    expect(commands).toBeGreaterThan(500);
    expect(await openSlots(platform, redis)).toEqual([]);

    await untilReplicasHaveAll(platform);
    const [after, replicas] = await bothHalves(platform, redis);
    expect(changes(between, after, DRIFT)).toEqual([]);
    // Redis 6.2 passes on to replicas and its append-only file how long a key still has to live (RESTORE without ABSTTL, in
    // restoreCommand of cluster.c; absolute from 7.0 on): there it counts from when it is read.
    const isRelative = [...after.values()].some(({ within }) => within > 0);
    expect(changes(after, replicas, isRelative ? DRIFT : 0)).toEqual([]);
    expect(await lists.differences(servers)).toEqual([]);

    await Promise.all(PODS.map((pod) => platform.kill(pod)));
    await Promise.all(PODS.map((pod) => platform.restart(pod)));
    await platform.untilInfo(PODS, 'CLUSTER', /cluster_state:ok/);
    await untilReplicasHaveAll(platform);
    const late = isRelative ? Date.now() - begun : 0;
    for (const half of await bothHalves(platform, redis)) expect(changes(after, half, late)).toEqual([]);
    expect(await lists.differences({ pods: platform.pods(), redis })).toEqual([]);
    if (!hasFunctions) return;
    const libraries = await Promise.all(PODS.map((pod) => platform.call(pod, ['FUNCTION', 'LIST'])));
    expect(libraries.map((list) => JSON.stringify(list))).toEqual(PODS.map(() => JSON.stringify(libraries[0])));
    expect(libraries[0]).toHaveLength(1);
  });
});

/** Moves slots there and back, the big keys once. Whether that was done by jobs of the servers. */
async function toAndFro(rounds: number, method: 'auto' | 'classic', platform: LocalPlatform, redis: Redis) {
  const notes: string[] = [];
  for (let round = 0; round < rounds; round += 1) {
    for (const [from, to] of [
      [ONE, OTHER],
      [OTHER, ONE],
    ] as const) {
      const context = await stageOf(platform, redis, { method });
      await run(move(from, to, round === 0 ? WITH_BIG_KEYS : OFTEN), context);
      for (const event of context.told) if (event.kind === 'note') notes.push(event.text);
    }
  }
  const unable = notes.filter((text) => text.includes('which knows neither'));
  expect(notes).toEqual(unable);
  return method === 'auto' && unable.length === 0;
}

/** MIGRATE sends how long a key still has to live, not when it ends: what the way takes is added, each time. Milliseconds. */
const DRIFT = 2_000;

/** In what two halves of a cluster differ, in words; the first few. */
function changes(
  before: ReadonlyMap<string, Details>,
  after: ReadonlyMap<string, Details>,
  drift: number,
): readonly string[] {
  const found = [...before].flatMap(([key, was]) => {
    const is = after.get(key);
    if (is === undefined) return [`${key} is lost`];
    if (is.what !== was.what) return [`${key} is ${is.what}, it was ${was.what}`];
    const later = (is.expires ?? 0) - (was.expires ?? 0);
    const within = was.within + is.within;
    return later < -within || later > drift + within ? [`${key} expires ${later} ms later`] : [];
  });
  const added = [...after.keys()].filter((key) => !before.has(key)).map((key) => `${key} is new`);
  return [...found, ...added].slice(0, 9);
}

/** What was loaded, as the primaries have it and as the replicas have it. */
async function bothHalves(platform: LocalPlatform, redis: Redis) {
  const all = platform.pods();
  const primaries = await primariesOf({ pods: all, redis });
  const ofPods = async (pods: readonly Pod[]) => {
    const parts = await Promise.all(pods.map((pod) => detailsOf(redis, pod, /^(key|typed|detail|big):/)));
    const whole = new Map(parts.flatMap((part) => [...part]));
    expect(whole.size).toBe(parts.reduce((sum, part) => sum + part.size, 0));
    return whole;
  };
  return [await ofPods(primaries), await ofPods(all.filter((pod) => !primaries.includes(pod)))] as const;
}

/** Every replica is where its primary is. */
async function untilReplicasHaveAll(platform: LocalPlatform): Promise<void> {
  await eventually(async () => {
    const texts = await Promise.all(PODS.map((pod) => platform.call(pod, ['INFO', 'REPLICATION'])));
    const primaries = texts.map(String).filter((text) => text.includes('role:master'));
    return primaries.every((text) => {
      const own = /master_repl_offset:(\d+)/.exec(text)?.[1];
      const replica = /slave0:.*state=online,offset=(\d+)/.exec(text)?.[1];
      return own === replica;
    });
  }, 'all replicas to have what their primaries have');
}

/** Gives a library of functions to every primary; servers before Redis 7 have none. */
async function loadLibrary(platform: LocalPlatform): Promise<boolean> {
  const known = await platform.call(ONE, ['COMMAND', 'INFO', 'function']);
  if (Array.isArray(known) && known[0] === null) return false;
  await Promise.all(PODS.slice(0, 3).map((pod) => platform.call(pod, ['FUNCTION', 'LOAD', LIBRARY])));
  return true;
}
