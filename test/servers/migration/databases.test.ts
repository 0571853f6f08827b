import { describe, expect, test } from '@jest/globals';
import { run } from '../../../src/steps/move-slots/run.ts';
import { seedsOf } from '../../support/cluster-client.ts';
import { startLocalPlatform } from '../../support/local-platform.ts';
import { hasDatabases, SERVERS } from '../../support/servers.ts';
import { startTraffic } from '../../support/traffic.ts';
import { move, openSlots, stageOf } from './stage.ts';

const able = SERVERS.filter(hasDatabases);

test('servers with several databases are among those tested, or there is nothing to test', () => {
  expect(able.length).toBe(SERVERS.filter(({ name }) => /^valkey-(9|\d\d)/.test(name)).length);
});

for (const server of able) {
  describe(server.name, () => {
    test.each(['auto', 'classic'] as const)(
      'keys of every database move with their slot, and what clients write meanwhile: %s',
      async (method) => {
        await using platform = await startLocalPlatform({ server, pods: 3, config: { 'cluster-databases': '4' } });
        await using redis = platform.redis();
        await platform.form({ shards: 3, replicas: 0 });
        const context = await stageOf(platform, redis, { method });
        const signal = context.stop;
        const inDatabase = async (pod: string, database: number, command: readonly (string | number)[]) => {
          await using connection = await redis.open(platform.pod(pod), { signal });
          const [, answer] = await connection.send([['SELECT', database], command], { signal });
          return answer;
        };
        // {1} is in slot 9842, of the second shard.
        for (const database of [0, 1, 3]) {
          for (let i = 0; i < 150; i += 1) {
            await inDatabase('redis-cluster-1', database, ['SET', `{1}:${i}`, `of ${database}`]);
          }
        }
        const traffic = await startTraffic(seedsOf(platform));
        await run(move('redis-cluster-1', 'redis-cluster-0', [[5_461, 9_900]]), context);
        expect(await traffic.stop()).toMatchObject({ errors: 0, wrong: 0, stale: 0, late: 0, examples: [] });
        expect(await traffic.verify()).toEqual([]);
        const keysOf = (n: number) => inDatabase('redis-cluster-0', n, ['CLUSTER', 'COUNTKEYSINSLOT', 9_842]);
        const sizes = await Promise.all([0, 1, 2, 3].map(keysOf));
        expect(sizes).toEqual([150, 150, 0, 150].map((value) => ({ ok: true, value })));
        const value = await inDatabase('redis-cluster-0', 3, ['GET', '{1}:7']);
        expect(value).toEqual({ ok: true, value: Buffer.from('of 3') });
        expect(await openSlots(platform, redis)).toEqual([]);
      },
    );

    test('with several databases no slots move as a whole: the server would put writes into the wrong one', async () => {
      await using platform = await startLocalPlatform({ server, pods: 2, config: { 'cluster-databases': '2' } });
      await using redis = platform.redis();
      await platform.form({ shards: 2, replicas: 0 });
      const context = await stageOf(platform, redis, { method: 'atomic' });
      await expect(run(move('redis-cluster-1', 'redis-cluster-0', [[9_842, 9_842]]), context)).rejects.toMatchObject({
        code: 'atomic-unsupported',
        message: expect.stringContaining('redis-cluster-1 has several databases'),
      });
    });
  });
}
