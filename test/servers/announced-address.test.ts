import { describe, expect, test } from '@jest/globals';
import { steps } from '../../src/plan/plan.ts';
import { applyOn, type Ground, look, planOn } from '../support/apply.ts';
import { startLocalPlatform } from '../support/local-platform.ts';
import { NEWEST } from '../support/servers.ts';
import { tapped } from '../support/tapped-redis.ts';
import { topologyOf } from '../support/topology.ts';

/** Reached at the pods' own IP and at another one, which they announce: as behind NAT, or with a Service for each pod. */
const ANNOUNCED = { bind: '127.0.0.1 127.0.0.5', 'cluster-announce-ip': '127.0.0.5' };

describe.each([...NEWEST])('servers that announce another IP than that of their pod ($name)', (server) => {
  test('are made a cluster, and grow, in one go each: the address is no outdated one, however young they are', async () => {
    await using platform = await startLocalPlatform({ server, pods: 3, config: ANNOUNCED });
    await using redis = platform.redis();
    const ground: Ground = { kubernetes: platform.kubernetes, redis };
    for (const shards of [3, 4]) {
      const topology = topologyOf(platform.place, { shards, replicas: 0 });
      await applyOn(ground, topology);
      const seen = await look(ground, topology);
      expect(seen.findings.filter(({ code }) => code === 'address-changed')).toEqual([]);
      expect(seen.members.map(({ facts }) => facts.address)).toEqual(
        Array(shards).fill(expect.stringMatching(/^127\.0\.0\.5:/)),
      );
      expect((await planOn(ground, topology)).stages).toEqual([]);
    }
  });

  test('meet again where they announce themselves, where nothing answers at the IP of their pod', async () => {
    await using platform = await startLocalPlatform({ server, pods: 3, config: ANNOUNCED });
    await platform.form({ shards: 3, replicas: 0 });
    // All at once: who is still there would hear from the one that comes back.
    for (const { name } of platform.pods()) await platform.kill(name);
    for (const { name } of platform.pods()) await platform.restart(name, { newPort: true });
    await using redis = platform.redis();
    const met = new Set<string>();
    const behindNat = tapped(redis, async ({ commands }, send) => {
      const [[, word, ip] = []] = commands;
      if (word !== 'MEET') return send(commands);
      met.add(String(ip));
      return ip === '127.0.0.1' ? [{ ok: true, value: 'OK' }] : send(commands);
    });
    const ground: Ground = { kubernetes: platform.kubernetes, redis: behindNat };
    const topology = topologyOf(platform.place, { shards: 3, replicas: 0 });
    const kinds = new Set(steps(await applyOn(ground, topology)).map(({ kind }) => kind));
    expect([...kinds]).toEqual(['repair-address']);
    expect([...met].toSorted()).toEqual(['127.0.0.1', '127.0.0.5']);
    expect((await planOn(ground, topology)).stages).toEqual([]);
  });
});
