import { describe, expect, test } from '@jest/globals';
import { count } from '../../../src/core/slots.ts';
import { run } from '../../../src/steps/move-slots/run.ts';
import { seedsOf } from '../../support/cluster-client.ts';
import { digest, load, loadEveryType, losses } from '../../support/dataset.ts';
import { startLocalPlatform } from '../../support/local-platform.ts';
import { SERVERS, type ServerProgram } from '../../support/servers.ts';
import { startTraffic } from '../../support/traffic.ts';
import { isAble, notesOf, podName } from './atomic-stage.ts';
import { move, openSlots, stageOf } from './stage.ts';

describe.each([...SERVERS])('$name', (server) => {
  test('says itself whether it moves slots as a whole', async () => {
    await using platform = await startLocalPlatform({ server, pods: 3 });
    await using redis = platform.redis();
    await platform.form({ shards: 3, replicas: 0 });
    const { cluster } = await stageOf(platform, redis);
    const command = server.name.startsWith('valkey') ? 'MIGRATESLOTS' : 'MIGRATION';
    const told = cluster.members.map(({ capabilities }) => capabilities?.atomic);
    expect(told).toEqual([1, 2, 3].map(() => (isAble(server) ? command : null)));
  });

  test('with `atomic` does that or refuses before anything is changed', async () => {
    await using platform = await startLocalPlatform({ server, pods: 3 });
    await using redis = platform.redis();
    await platform.form({ shards: 3, replicas: 0 });
    const context = await stageOf(platform, redis, { method: 'atomic' });
    const moving = run(move('redis-cluster-0', 'redis-cluster-1', [[0, 99]]), context);
    if (isAble(server)) await moving;
    else await expect(moving).rejects.toMatchObject({ code: 'atomic-unsupported' });
    const { cluster } = await stageOf(platform, redis);
    expect(cluster.members.map(({ slots }) => count(slots))).toEqual(
      isAble(server) ? [5361, 5562, 5461] : [5461, 5462, 5461],
    );
  });

  test('that does not tell what it can moves slots key by key, and says why', async () => {
    const user = 'shy on >secret ~* +@all -command';
    await using platform = await startLocalPlatform({ server, pods: 3, config: { user } });
    await using redis = platform.redis({ username: 'shy', password: 'secret' });
    await platform.form({ shards: 3, replicas: 0 });
    const context = await stageOf(platform, redis);
    await run(move('redis-cluster-0', 'redis-cluster-1', [[0, 99]]), context);
    expect(notesOf(context.told).split('\n')).toEqual([
      'Slots go from redis-cluster-0 to redis-cluster-1 key by key: redis-cluster-0 does not tell what it can (COMMAND INFO is refused or answered in an unknown form).',
    ]);
    const { cluster } = await stageOf(platform, redis);
    expect(cluster.members.map(({ slots }) => count(slots))).toEqual([5361, 5562, 5461]);
  });
});

for (const server of SERVERS.filter(isAble)) {
  describe(server.name, () => {
    test.each([
      ['to begin a job', '-cluster|migrateslots -cluster|migration'],
      ['to look at jobs', '-cluster|getslotmigrations -cluster|migration'],
    ])('without the right %s slots move key by key, and the right is named', async (_what, lacking) => {
      const rights = lacking.split(' ').filter((right) => isKnown(right, server));
      const user = `shy on >secret ~* +@all ${rights.join(' ')}`;
      await using platform = await startLocalPlatform({ server, pods: 3, config: { user } });
      await using redis = platform.redis({ username: 'shy', password: 'secret' });
      await platform.form({ shards: 3, replicas: 0 });
      const context = await stageOf(platform, redis);
      await run(move('redis-cluster-0', 'redis-cluster-1', [[0, 99]]), context);
      expect(notesOf(context.told)).toMatch(/NOPERM.*Give the user of `redis-username` CLUSTER MIGRAT.*key by key/);
      const { cluster } = await stageOf(platform, redis);
      expect(cluster.members.map(({ slots }) => count(slots))).toEqual([5361, 5562, 5461]);
    });
  });
}

/** A server does not start with rights on what it does not know. */
function isKnown(right: string, { name }: ServerProgram): boolean {
  return right.endsWith('|migration') === name.startsWith('redis');
}

/** An older and a newer server of one kind, of which only the newer one moves slots as a whole: an update under way. */
const updates = ['redis', 'valkey'].flatMap((kind) => {
  const ofKind = SERVERS.filter(({ name }) => name.startsWith(kind));
  const [older, newer] = [ofKind.findLast((server) => !isAble(server)), ofKind.find(isAble)];
  return older === undefined || newer === undefined ? [] : [{ older, newer }];
});

for (const { older, newer } of updates) {
  describe(`an update from ${older.name} to ${newer.name} that is half done`, () => {
    test('under traffic: key by key where one of the two is old, as a whole between the new ones', async () => {
      // Keys of a new server cannot be read by an old one: they go to the new ones, as in an update they do.
      const serverOf = (ordinal: number): ServerProgram => (ordinal < 2 ? older : newer);
      await using platform = await startLocalPlatform({ server: newer, serverOf, pods: 4 });
      await using redis = platform.redis();
      await platform.form({ shards: 4, replicas: 0 });
      const servers = { pods: platform.pods(), redis };
      await load(servers, { keys: 10_000 });
      await loadEveryType(servers, { each: 40 });
      const before = await digest(servers);
      await using traffic = await startTraffic(seedsOf(platform));
      const context = await stageOf(platform, redis);
      const moves = [
        move(podName(0), podName(3), [[0, 999]]),
        move(podName(1), podName(3), [[4_096, 5_095]]),
        move(podName(2), podName(3), [[8_192, 9_191]]),
      ];
      await Promise.all(moves.map((step) => run(step, context)));
      expect(await traffic.stop()).toMatchObject({ errors: 0, wrong: 0, stale: 0 });
      expect(await traffic.verify()).toEqual([]);
      expect(losses(before, await digest(servers))).toEqual([]);
      expect(await openSlots(platform, redis)).toEqual([]);
      expect(
        notesOf(context.told)
          .match(/Slots go from .*/g)
          ?.toSorted(),
      ).toEqual([
        expect.stringMatching(`from ${podName(0)} to ${podName(3)} key by key: ${podName(0)} runs`),
        expect.stringMatching(`from ${podName(1)} to ${podName(3)} key by key: ${podName(1)} runs`),
      ]);
      const { cluster } = await stageOf(platform, redis);
      expect(cluster.members.map(({ slots }) => count(slots))).toEqual([3096, 3096, 3096, 7096]);
    });
  });
}
