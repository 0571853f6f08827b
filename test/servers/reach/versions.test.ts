import { describe, expect, test } from '@jest/globals';
import { createRedis } from '../../../src/adapters/redis/redis.ts';
import { slotOwners } from '../../../src/core/cluster.ts';
import { Failure } from '../../../src/core/failure.ts';
import type { Redis } from '../../../src/ports/redis.ts';
import { applyOn, type Ground, look, planOn } from '../../support/apply.ts';
import { differences, digest, loadEveryType } from '../../support/dataset.ts';
import { type LocalPlatform, startLocalPlatform } from '../../support/local-platform.ts';
import { OddAnswers } from '../../support/odd-answers.ts';
import { keysOnPrimaries, withEveryType } from '../../support/platform-keys.ts';
import { knows, NEWEST } from '../../support/servers.ts';
import { topologyOf } from '../../support/topology.ts';
import { able } from '../migration/atomic-stage.ts';

/** What an operator may have renamed away; none of them is needed. */
const RENAMED = ['CONFIG', 'COMMAND', 'DEBUG', 'FLUSHALL', 'FLUSHDB', 'KEYS', 'MEMORY', 'FUNCTION'];

/** As forks and proxies have them, or have not. */
const OPTIONAL = ['ACL', 'CLUSTER SLOT-STATS', 'COMMAND', 'CONFIG', 'DBSIZE', 'EVAL', 'FUNCTION', 'MEMORY', 'MULTI'];

describe.each([...NEWEST])('on $name', (server) => {
  test.each(['CONFIG', 'RESTORE', RENAMED.join(' ')])('a cluster without %s grows and shrinks', async (names) => {
    const lines = names.split(' ').map((name) => `rename-command ${name}`);
    const config = Object.fromEntries(lines.filter((line) => knows(server, `${line} ""`)).map((line) => [line, '']));
    await using platform = await startLocalPlatform({ server, pods: 3, appendOnly: true, config });
    await platform.form({ shards: 3, replicas: 0 });
    await growAndShrink(platform, await withEveryType(platform), [4, 3, 4]);
  });

  test('what is optional may be answered oddly, or be unknown: slots move all the same; what is not is named', async () => {
    await using platform = await startLocalPlatform({ server, pods: 3 });
    await platform.form({ shards: 3, replicas: 0 });
    const before = await withEveryType(platform);
    await using odd = new OddAnswers(OPTIONAL);
    await using redis = behind(odd, platform);
    for (const [as, shards] of [
      ['odd', 4],
      ['unknown', 3],
    ] as const) {
      [odd.as, odd.given] = [as, 0];
      await growAndShrink(platform, before, [shards], redis);
      expect(odd.given).toBeGreaterThan(10);
    }
    await using lacking = new OddAnswers(['CLUSTER GETKEYSINSLOT']);
    lacking.as = 'unknown';
    await using without = behind(lacking, platform);
    const migration = { method: 'classic', maxLatency: 20 } as const;
    const topology = { ...topologyOf(platform.place, { shards: 4, replicas: 0 }), migration };
    await expect(applyOn({ kubernetes: platform.kubernetes, redis: without }, topology)).rejects.toMatchObject({
      code: 'redis-error',
      message: expect.stringMatching(/refused CLUSTER GETKEYSINSLOT.*unknown command/),
      remedy: expect.stringContaining('`rename-command`'),
    });
    expect(differences(before, await keysOnPrimaries(platform))).toEqual([]);
  });

  test.each(['CLUSTER', 'INFO'])('where %s is renamed, that is said in words', async (name) => {
    await using platform = await startLocalPlatform({ server, pods: 1, config: { [`rename-command ${name}`]: '' } });
    await using redis = platform.redis();
    const topology = topologyOf(platform.place, { shards: 1, replicas: 0 });
    await expect(planOn({ kubernetes: platform.kubernetes, redis }, topology)).rejects.toMatchObject({
      code: 'redis-error',
      message: expect.stringMatching(new RegExp(`refused ${name}.*unknown command`)),
      remedy: expect.stringContaining('`rename-command`'),
    });
  });

  test('where a command is renamed without which no slot moves, that is said before any slot has moved', async () => {
    const config = { 'rename-command MIGRATE': '', 'rename-command COMMAND': '' };
    await using platform = await startLocalPlatform({ server, pods: 4, config });
    await platform.form({ shards: 3, replicas: 0 });
    await using redis = platform.redis();
    await loadEveryType({ pods: platform.pods(), redis });
    const before = await digest({ pods: platform.pods(), redis });
    const ground: Ground = { kubernetes: platform.kubernetes, redis };
    const topology = topologyOf(platform.place, { shards: 4, replicas: 0 });
    const thrown = await applyOn(ground, topology).catch((reason: unknown) => reason);
    expect(thrown).toBeInstanceOf(Failure);
    expect(thrown).toMatchObject({
      code: 'migration-failed',
      message: expect.stringMatching(/unknown command .MIGRATE..*rename-command/s),
    });
    expect(differences(before, await digest({ pods: platform.pods(), redis }))).toEqual([]);
    expect(slotOwners(await look(ground, topology))).toHaveLength(3);
  });
});

describe.each(able)('on $name, which moves slots as a whole', (server) => {
  test.each(['odd', 'unknown'] as const)(
    'what shows jobs that move slots as a whole may be answered oddly, or be unknown: slots move all the same (%s)',
    async (as) => {
      await using platform = await startLocalPlatform({ server, pods: 3 });
      await platform.form({ shards: 3, replicas: 0 });
      const before = await withEveryType(platform);
      await using odd = new OddAnswers(['CLUSTER GETSLOTMIGRATIONS', 'CLUSTER MIGRATION']);
      odd.as = as;
      await using redis = behind(odd, platform);
      await growAndShrink(platform, before, [4, 3], redis);
      expect(odd.given).toBeGreaterThan(0);
    },
  );
});

function behind(odd: OddAnswers, platform: LocalPlatform): Redis & AsyncDisposable {
  return createRedis({ credentials: {}, tls: null, dial: odd.inFrontOf((pod) => platform.port(pod)) });
}

async function growAndShrink(
  platform: LocalPlatform,
  before: Awaited<ReturnType<typeof withEveryType>>,
  sizes: readonly number[],
  through?: Redis,
): Promise<void> {
  await using own = platform.redis();
  const ground: Ground = { kubernetes: platform.kubernetes, redis: through ?? own };
  for (const shards of sizes) {
    const topology = topologyOf(platform.place, { shards, replicas: 0 });
    await applyOn(ground, topology);
    expect((await planOn(ground, topology)).stages).toEqual([]);
    expect(differences(before, await keysOnPrimaries(platform))).toEqual([]);
  }
}
