import { describe, expect, test } from '@jest/globals';
import { slotOwners } from '../../../src/core/cluster.ts';
import { applyOn, type Ground, look, planOn } from '../../support/apply.ts';
import { differences } from '../../support/dataset.ts';
import { type LocalPlatform, startLocalPlatform } from '../../support/local-platform.ts';
import { keysOnPrimaries, withEveryType } from '../../support/platform-keys.ts';
import { SERVERS, type ServerProgram } from '../../support/servers.ts';
import { topologyOf } from '../../support/topology.ts';

/** A server and the one that it is updated to, as far as they are given. */
const UPDATES = [
  ['redis-6.2', 'redis-7.0'],
  ['redis-7.0', 'redis-8.0'],
  ['redis-7.0', 'valkey-8.1'],
  ['redis-8.0', 'redis-8.6'],
  ['valkey-8.1', 'valkey-9.1'],
].flatMap(([from, to]) => {
  const [older, newer] = [from, to].map((name) => SERVERS.find((server) => server.name === name));
  return older === undefined || newer === undefined ? [] : [{ older, newer }];
});

for (const { older, newer } of UPDATES) {
  describe(`in the middle of an update from ${older.name} to ${newer.name}`, () => {
    test('a cluster grows', async () => {
      await using platform = await halfUpdated(older, newer);
      await using redis = platform.redis();
      const ground: Ground = { kubernetes: platform.kubernetes, redis };
      const before = await withEveryType(platform);
      const topology = topologyOf(platform.place, { shards: 4, replicas: 1 });
      await applyOn(ground, topology);
      const cluster = await look(ground, topology);
      expect(slotOwners(cluster)).toHaveLength(4);
      expect(cluster.findings.map(({ code, weight }) => `${weight} ${code}`)).toContain('note versions-differ');
      expect((await planOn(ground, topology)).stages).toEqual([]);
      expect(differences(before, await keysOnPrimaries(platform))).toEqual([]);
    });

    test('a cluster that shrinks loses nothing, or stops in words before a key is lost', async () => {
      await using platform = await halfUpdated(older, newer);
      await using redis = platform.redis();
      const ground: Ground = { kubernetes: platform.kubernetes, redis };
      await applyOn(ground, topologyOf(platform.place, { shards: 4, replicas: 1 }));
      const before = await withEveryType(platform);
      const smaller = topologyOf(platform.place, { shards: 3, replicas: 1 });
      const thrown = await applyOn(ground, smaller).then(
        () => null,
        (reason: unknown) => reason,
      );
      if (thrown !== null) {
        expect(thrown).toMatchObject({
          code: 'migration-failed',
          message: expect.stringContaining('runs an older version than redis-cluster-6'),
          remedy: expect.stringContaining('Finish the update'),
        });
      }
      expect(differences(before, await keysOnPrimaries(platform))).toEqual([]);
    });
  });
}

/** The StatefulSet has updated its upper pods so far: the primaries are old, their replicas and all that comes are new. */
async function halfUpdated(older: ServerProgram, newer: ServerProgram): Promise<LocalPlatform> {
  const serverOf = (ordinal: number): ServerProgram => (ordinal < 3 ? older : newer);
  const platform = await startLocalPlatform({ server: newer, serverOf, pods: 6 });
  await platform.form({ shards: 3, replicas: 1 });
  return platform;
}
