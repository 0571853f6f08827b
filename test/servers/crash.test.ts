import { describe, expect, test } from '@jest/globals';
import type { Topology } from '../../src/core/topology.ts';
import type { StepKindName } from '../../src/steps/index.ts';
import { type Ground, look } from '../support/apply.ts';
import { seedsOf } from '../support/cluster-client.ts';
import { crashAgainAndAgain } from '../support/crashing.ts';
import { loadEveryType, losses } from '../support/dataset.ts';
import { type LocalPlatform, startLocalPlatform } from '../support/local-platform.ts';
import { keysOnPrimaries } from '../support/platform-keys.ts';
import { NEWEST } from '../support/servers.ts';
import { topologyOf } from '../support/topology.ts';
import { startTraffic } from '../support/traffic.ts';

/** From shape to shape, so that every kind of step that such a life has is the last one before a crash. */
const LIFE = [
  { shards: 3, replicas: 1 },
  { shards: 4, replicas: 2 },
  { shards: 3, replicas: 0 },
] as const;

const CRASHED_AFTER: readonly StepKindName[] = [
  'assign-slots',
  'delete-volumes',
  'fail-over',
  'join',
  'move-slots',
  'remove',
  'replicate',
  'scale',
  'wait-for-pods',
];

describe.each([...NEWEST])('a run that ends after any stage, on $name', (server) => {
  test('is gone on with by the next one, under the same approval, until all is as declared', async () => {
    await using platform = await startLocalPlatform({ server, pods: 6 });
    await using redis = platform.redis();
    const ground: Ground = { kubernetes: platform.kubernetes, redis };
    const last = new Set<StepKindName>();
    const note = (kinds: ReadonlySet<StepKindName>): void => {
      for (const kind of kinds) last.add(kind);
    };
    const volumes = { onScaleDown: 'delete' } as const;
    const [first, ...later] = LIFE.map((shape) => topologyOf(platform.place, shape, { volumes }));
    if (first === undefined) throw new Error('A life begins with a shape.');
    note(await crashAgainAndAgain(ground, first));

    await loadEveryType({ pods: platform.pods(), redis }, { each: 20 });
    const before = await keysOnPrimaries(platform);
    await using traffic = await startTraffic(seedsOf(platform), { writers: 1, readers: 1 });
    for (const topology of later) {
      await lastReplicaTakesOver(platform, ground, topology);
      note(await crashAgainAndAgain(ground, topology));
    }

    expect(await traffic.stop()).toMatchObject({ errors: 0, wrong: 0, stale: 0, examples: [] });
    expect(await traffic.verify()).toEqual([]);
    expect(losses(before, await keysOnPrimaries(platform))).toEqual([]);
    expect([...last].toSorted()).toEqual(CRASHED_AFTER);
  });
});

/** Then a pod of high ordinal leads a shard: when the cluster shrinks, another one has to take over first. */
async function lastReplicaTakesOver(platform: LocalPlatform, ground: Ground, topology: Topology): Promise<void> {
  const { members } = await look(ground, topology);
  const replica = members.findLast((member) => member.role === 'replica')?.pod ?? '';
  await platform.call(replica, ['CLUSTER', 'FAILOVER']);
  await platform.untilInfo([replica], 'REPLICATION', /role:master/);
}
