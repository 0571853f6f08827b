import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import type { SlotSet } from '../../../src/core/slots.ts';
import { wordInSlot } from '../../../src/migration/key-slot.ts';
import { run } from '../../../src/steps/move-slots/run.ts';
import { seedsOf } from '../../support/cluster-client.ts';
import { primariesOf } from '../../support/dataset.ts';
import { describeOn } from '../../support/describe-on.ts';
import { eventually } from '../../support/eventually.ts';
import { type LocalPlatform, startLocalPlatform } from '../../support/local-platform.ts';
import { REPRESENTATIVES, SERVERS } from '../../support/servers.ts';
import { tapped } from '../../support/tapped-redis.ts';
import { contentsOf, differencesOf } from '../../support/writes/contents.ts';
import { WRITING_LIBRARY } from '../../support/writes/others.ts';
import { startWriters } from '../../support/writes/writers.ts';
import { move, openSlots, stageOf } from './stage.ts';

const ONE = 'redis-cluster-0';
const OTHER = 'redis-cluster-1';
const OFTEN: SlotSet = [[0, 50]];
const TAGS = [0, 9, 18, 27, 36, 45].map(wordInSlot);
/** How long slots move to and fro under the writers, and what MIGRATE may add to the time that a key has to live. Milliseconds. */
const LONG = 4_000;
const DRIFT = 2_000;

/** Writes of one seed are the same each time; which of them come while a slot is on its way is not. */
const SEED = 2_026;

describe.each([...REPRESENTATIVES])('on $name', (server) => {
  test.each(['auto', 'classic'] as const)(
    'whatever way clients write in, what was acknowledged is there as on a server whose slots stay: %s',
    async (method) => {
      await using platform = await startLocalPlatform({ server, pods: 4, config: { 'active-expire-effort': '10' } });
      await using still = await startLocalPlatform({ server, pods: 1 });
      await using redis = platform.redis();
      await using modelRedis = still.redis();
      await platform.form({ shards: 2, replicas: 1 });
      await still.form({ shards: 1, replicas: 0 });
      await loadFunctions(platform, [ONE, OTHER]);
      await loadFunctions(still, [ONE]);
      const model = await modelRedis.open(still.pod(ONE), { signal: new AbortController().signal });
      await using writers = await startWriters(seedsOf(platform), { model, seed: SEED, tags: TAGS });
      for (const end = Date.now() + LONG; Date.now() < end; ) {
        await run(move(ONE, OTHER, OFTEN), await stageOf(platform, redis, { method }));
        await run(move(OTHER, ONE, OFTEN), await stageOf(platform, redis, { method }));
      }
      const { kinds, writes, faults } = await writers.stop();
      expect(faults.slice(0, 9)).toEqual([]);
      expect(kinds).toBeGreaterThan(90);
      expect(writes).toBeGreaterThan(500);
      await sleep(DRIFT);

      const wanted = await contentsOf(modelRedis, still.pods());
      const pods = platform.pods();
      const primaries = (await primariesOf({ pods, redis })).map(({ name }) => name);
      const found = await contentsOf(
        redis,
        pods.filter(({ name }) => primaries.includes(name)),
      );
      expect(differencesOf(wanted, found, DRIFT).slice(0, 9)).toEqual([]);
      const replicas = pods.filter(({ name }) => !primaries.includes(name));
      await eventually(
        async () => differencesOf(found, await contentsOf(redis, replicas), 1).length === 0,
        'replicas to hold what their primaries hold',
      );
      expect(await openSlots(platform, redis)).toEqual([]);
    },
  );
});

/** Those that know MSETEX. */
const able = SERVERS.filter(({ name }) => /^(redis-(8\.[4-9]|8\.\d\d|9|\d\d)|valkey-(9\.[1-9]|\d\d))/.test(name));

describeOn(able)('writes by MSETEX, which no job of $name passes on', (server) => {
  test('in the midst of a job fail the step, and from then on slots go key by key', async () => {
    await using platform = await startLocalPlatform({ server, pods: 2 });
    await using redis = platform.redis();
    await platform.form({ shards: 2, replicas: 0 });
    const [first, second] = [wordInSlot(3), wordInSlot(4)];
    for (let i = 0; i < 2_000; i += 1) await platform.call(ONE, ['SET', `{${first}}:${i}`, 'value']);
    await platform.call(ONE, ['SET', `{${second}}:set`, 'value']);
    await platform.call(ONE, ['CONFIG', 'SET', 'rdb-key-save-delay', 1_000]);
    const context = await stageOf(platform, redis);
    const begun = Promise.withResolvers<void>();
    const heard = tapped(redis, async ({ commands }, send) => {
      const answers = await send(commands);
      if (commands.some(([, ...words]) => words.includes('MIGRATESLOTS') || words.includes('IMPORT'))) begun.resolve();
      return answers;
    });
    const moving = run(move(ONE, OTHER, [[3, 3]]), { ...context, redis: heard });
    const refused = expect(moving).rejects.toMatchObject({
      code: 'migration-failed',
      message: expect.stringContaining('MSETEX: 1 times'),
    });
    await begun.promise;
    expect(await platform.call(ONE, ['MSETEX', 1, `{${first}}:late`, 'value'])).toBe(1);
    await refused;

    // As a run that has looked before it was used.
    const told = context.told.length;
    await run(move(ONE, OTHER, [[5, 5]]), context);
    expect(context.told.slice(told)).toContainEqual(
      expect.objectContaining({ text: expect.stringContaining('clients have used MSETEX') }),
    );
    const next = await stageOf(platform, redis);
    await run(move(ONE, OTHER, [[4, 4]]), next);
    const because = `Slots go from ${ONE} to ${OTHER} key by key: on ${ONE} clients have used MSETEX`;
    expect(next.told).toContainEqual({ kind: 'note', text: expect.stringContaining(because) });
    expect(await platform.call(OTHER, ['CLUSTER', 'COUNTKEYSINSLOT', 4])).toBe(1);
  });
});

/** Servers before Redis 7 have none. */
async function loadFunctions(platform: LocalPlatform, pods: readonly string[]): Promise<void> {
  const known = await platform.call(ONE, ['COMMAND', 'INFO', 'function']);
  if (!Array.isArray(known) || known[0] === null) return;
  for (const pod of pods) await platform.call(pod, ['FUNCTION', 'LOAD', WRITING_LIBRARY]);
}
