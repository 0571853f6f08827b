import { describe, expect, test } from '@jest/globals';
import { slotOwners } from '../../src/core/cluster.ts';
import { count } from '../../src/core/slots.ts';
import { applyOn, type Ground, look, planOn } from '../support/apply.ts';
import { seedsOf } from '../support/cluster-client.ts';
import { loadEveryType, losses } from '../support/dataset.ts';
import { type LocalPlatform, startLocalPlatform } from '../support/local-platform.ts';
import { keysOnPrimaries } from '../support/platform-keys.ts';
import { REPRESENTATIVES } from '../support/servers.ts';
import { topologyOf } from '../support/topology.ts';
import { startTraffic } from '../support/traffic.ts';

describe.each([...REPRESENTATIVES])('the life of a cluster on $name', (server) => {
  test('create, grow, more replicas, shrink: clients notice nothing and no key is lost', async () => {
    await using platform = await startLocalPlatform({ server, pods: 6 });
    await using redis = platform.redis();
    const ground: Ground = { kubernetes: platform.kubernetes, redis };
    const shape = (shards: number, replicas: number) => topologyOf(platform.place, { shards, replicas });

    await applyOn(ground, shape(3, 1));
    expect(await sharesOf(platform, ground)).toEqual([5461, 5461, 5462]);

    await loadEveryType({ pods: platform.pods(), redis }, { each: 50 });
    const before = await keysOnPrimaries(platform);
    await using traffic = await startTraffic(seedsOf(platform), { writers: 2, readers: 2 });
    for (const [shards, replicas] of [
      [4, 1],
      [4, 2],
      [3, 1],
      [5, 0],
      [3, 1],
    ] as const) {
      await applyOn(ground, shape(shards, replicas));
      const cluster = await look(ground, shape(shards, replicas));
      expect(cluster.pods).toHaveLength(shards * (1 + replicas));
      expect(slotOwners(cluster)).toHaveLength(shards);
      expect((await planOn(ground, shape(shards, replicas))).stages).toEqual([]);
    }
    const report = await traffic.stop();
    expect(report).toMatchObject({ errors: 0, wrong: 0, stale: 0, examples: [] });
    expect(report.writes).toBeGreaterThan(100);
    expect(await traffic.verify()).toEqual([]);
    const after = await keysOnPrimaries(platform);
    expect(losses(before, after)).toEqual([]);
  });
});

async function sharesOf(platform: LocalPlatform, ground: Ground): Promise<readonly number[]> {
  const cluster = await look(ground, topologyOf(platform.place, { shards: 3, replicas: 1 }));
  return slotOwners(cluster)
    .map((owner) => count(owner.slots))
    .toSorted((a, b) => a - b);
}
