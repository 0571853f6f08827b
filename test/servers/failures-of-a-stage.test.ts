import { expect, test } from '@jest/globals';
import { applyOn } from '../support/apply.ts';
import { load } from '../support/dataset.ts';
import { startLocalPlatform } from '../support/local-platform.ts';
import { REPRESENTATIVES } from '../support/servers.ts';
import { tapped } from '../support/tapped-redis.ts';
import { topologyOf } from '../support/topology.ts';

test.each(REPRESENTATIVES.slice(0, 1))(
  'where several moves of a stage fail each is told, not only the first ($name)',
  async (server) => {
    await using platform = await startLocalPlatform({ server, pods: 4 });
    await using redis = platform.redis();
    await platform.form({ shards: 3, replicas: 0 });
    await load({ pods: platform.pods(), redis }, { keys: 3_000 });

    const struck = new Set<string>();
    const bothStruck = Promise.withResolvers<void>();
    const failing = tapped(redis, async ({ pod, commands }, send) => {
      const isMove = commands.some((command) => command[0] === 'MIGRATE' && !command.includes('COPY'));
      if (!isMove || pod === 'redis-cluster-2') return send(commands);
      if (struck.add(pod).size === 2) bothStruck.resolve();
      await bothStruck.promise;
      return commands.map(() => ({ ok: false, error: `ERR odd word of ${pod}` }));
    });
    const topology = topologyOf(
      platform.place,
      { shards: 4, replicas: 0 },
      { migration: { method: 'classic', maxLatency: 20 } },
    );
    const failed = await applyOn({ kubernetes: platform.kubernetes, redis: failing }, topology).catch(
      (thrown: unknown) => thrown,
    );
    expect(failed).toMatchObject({ code: 'migration-failed' });
    const told = JSON.stringify(failed, ['message', 'details']);
    expect(told).toContain('odd word of redis-cluster-0');
    expect(told).toContain('odd word of redis-cluster-1');
  },
);
