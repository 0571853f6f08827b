import { describe, expect, test } from '@jest/globals';
import { run as join } from '../../../src/steps/join/run.ts';
import { applyOn, type Ground, planOn } from '../../support/apply.ts';
import { differences, digest, loadEveryType, primariesOf } from '../../support/dataset.ts';
import { fastClock } from '../../support/fast-clock.ts';
import { startLocalPlatform } from '../../support/local-platform.ts';
import { mesh } from '../../support/mesh.ts';
import { REPRESENTATIVES } from '../../support/servers.ts';
import { topologyOf } from '../../support/topology.ts';
import { podName } from '../migration/atomic-stage.ts';
import { stageOf } from '../migration/stage.ts';

describe.each([...REPRESENTATIVES])('servers behind the proxies of a mesh ($name)', (server) => {
  test('that announce the IP of their pod are made a cluster, grow and shrink, and keep every key', async () => {
    await using between = mesh();
    await using platform = await startLocalPlatform({ server, pods: 3, link: between.inFrontOf });
    await using redis = platform.redis();
    const ground: Ground = { kubernetes: platform.kubernetes, redis };
    const topology = (shards: number) => topologyOf(platform.place, { shards, replicas: 0 });
    await applyOn(ground, topology(3));
    await loadEveryType({ pods: platform.pods(), redis });
    const held = async () => digest({ pods: await primariesOf({ pods: platform.pods(), redis }), redis });
    const before = await held();
    for (const shards of [4, 3]) {
      await applyOn(ground, topology(shards));
      expect((await planOn(ground, topology(shards))).stages).toEqual([]);
      expect(differences(before, await held())).toEqual([]);
    }
  });

  test('that do not announce it cannot be joined, and are told why and what to set', async () => {
    await using between = mesh();
    const config = { 'cluster-announce-ip': '' };
    await using platform = await startLocalPlatform({ server, pods: 2, link: between.inFrontOf, config });
    await using redis = platform.redis();
    const context = { ...(await stageOf(platform, redis)), clock: fastClock(15) };
    await expect(join({ kind: 'join', pod: podName(1) }, context)).rejects.toMatchObject({
      code: 'timeout',
      message: expect.stringContaining('and all members to see each other'),
      details: [expect.stringMatching(/knows .* by 127\.0\.0\.6, .*mesh.*`cluster-announce-ip`/)],
    });
  });
});
