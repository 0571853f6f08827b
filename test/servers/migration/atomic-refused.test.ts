import { describe, expect, test } from '@jest/globals';
import { run } from '../../../src/steps/move-slots/run.ts';
import { differences, load } from '../../support/dataset.ts';
import { startLocalPlatform } from '../../support/local-platform.ts';
import { SERVERS } from '../../support/servers.ts';
import { able, loaded, notesOf, slotsOf } from './atomic-stage.ts';
import { move, stageOf } from './stage.ts';

const valkeys = able.filter(({ name }) => name.startsWith('valkey'));

test('Valkey servers whose nodes log in to each other for a move are among those tested, or there is nothing to test', () => {
  expect(valkeys).toHaveLength(SERVERS.filter(({ name }) => /^valkey-(9|\d\d)/.test(name)).length);
});

for (const server of valkeys) {
  describe(`${server.name}, where nodes log in to each other`, () => {
    test.each([
      ['with a wrong password', 'wrong', /WRONGPASS.*`primaryauth`/],
      ['with none', '', /NOAUTH.*`primaryauth`/],
    ])('%s: `auto` says so and moves key by key, `atomic` fails and has changed nothing', async (_how, auth, words) => {
      await using platform = await startLocalPlatform({ server, pods: 3, password: 'a-secret' });
      await using redis = platform.redis();
      await platform.form({ shards: 3, replicas: 0 });
      await load({ pods: platform.pods(), redis }, { keys: 3_000 });
      const before = await loaded(platform, redis);
      await platform.call('redis-cluster-0', ['CONFIG', 'SET', 'primaryauth', auth]);
      const step = move('redis-cluster-0', 'redis-cluster-2', [[0, 2_000]]);
      const only = await stageOf(platform, redis, { method: 'atomic' });
      await expect(run(step, only)).rejects.toMatchObject({
        code: 'redis-auth',
        message: expect.stringMatching(words),
        remedy: expect.stringContaining('Set `primaryauth`'),
      });
      expect(await slotsOf(platform, redis)).toEqual([5461, 5462, 5461]);

      const context = await stageOf(platform, redis);
      await run(step, context);
      expect(notesOf(context.told)).toMatch(words);
      expect(notesOf(context.told)).toContain('The rest is moved key by key.');
      expect(await slotsOf(platform, redis)).toEqual([3460, 5462, 7462]);
      expect(differences(before, await loaded(platform, redis))).toEqual([]);
    });

    test('a user for it that lacks a right is named', async () => {
      await using platform = await startLocalPlatform({ server, pods: 3, password: 'a-secret' });
      await using redis = platform.redis();
      await platform.form({ shards: 3, replicas: 0 });
      await load({ pods: platform.pods(), redis }, { keys: 3_000 });
      await platform.call('redis-cluster-2', ['ACL', 'SETUSER', 'copier', 'on', '>b', '-@all', '+cluster', '+ping']);
      await platform.call('redis-cluster-0', ['CONFIG', 'SET', 'primaryuser', 'copier', 'primaryauth', 'b']);
      const step = move('redis-cluster-0', 'redis-cluster-2', [[0, 2_000]]);
      await expect(run(step, await stageOf(platform, redis, { method: 'atomic' }))).rejects.toMatchObject({
        code: 'redis-permission',
        remedy: expect.stringContaining('+@all ~* alldbs'),
      });
      expect(await slotsOf(platform, redis)).toEqual([5461, 5462, 5461]);
    });

    test('a receiver that is full is named, and has given back what it got', async () => {
      await using platform = await startLocalPlatform({ server, pods: 3 });
      await using redis = platform.redis();
      await platform.form({ shards: 3, replicas: 0 });
      await load({ pods: platform.pods(), redis }, { keys: 6_000, bytes: 1_000 });
      const before = await loaded(platform, redis);
      const used = (await stageOf(platform, redis)).cluster.members[1]?.facts.memory ?? 0;
      await platform.call('redis-cluster-1', ['CONFIG', 'SET', 'maxmemory', used + 600_000]);
      const step = move('redis-cluster-0', 'redis-cluster-1', [[0, 5_000]]);
      await expect(run(step, await stageOf(platform, redis))).rejects.toMatchObject({
        code: 'migration-failed',
        message: expect.stringMatching(/OOM.*redis-cluster-1 has reached its maxmemory/),
      });
      expect(differences(before, await loaded(platform, redis))).toEqual([]);
      await platform.call('redis-cluster-1', ['CONFIG', 'SET', 'maxmemory', 0]);
      await run(step, await stageOf(platform, redis));
      expect(differences(before, await loaded(platform, redis))).toEqual([]);
    });
  });
}
