import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { steps } from '../../src/plan/plan.ts';
import { applyOn, type Ground, look, planOn } from '../support/apply.ts';
import { digest, load, losses, primariesOf } from '../support/dataset.ts';
import { type LocalPlatform, startLocalPlatform } from '../support/local-platform.ts';
import { blocking, holdsForFailed, idsOf, slotsFrom } from '../support/members.ts';
import { NEWEST, type ServerProgram } from '../support/servers.ts';
import { topologyOf } from '../support/topology.ts';

const ANYWHERE = { spreadBy: [], whenUnsatisfiable: 'warn' } as const;

/** FORGET bans a node for a minute, which all servers wait out at the same time. */
function onAll(work: (server: ServerProgram) => Promise<void>): () => Promise<void> {
  return async () => {
    await Promise.all(NEWEST.map(work));
  };
}

test(
  'a member that others were told to forget is introduced again when their ban is over',
  onAll(async (server) => {
    await using platform = await formed(server, 3, 1);
    await using redis = platform.redis();
    const replica = 'redis-cluster-3';
    const id = (await idsOf(platform)).get(replica) ?? '';
    for (const pod of ['redis-cluster-1', 'redis-cluster-2']) await platform.call(pod, ['CLUSTER', 'FORGET', id]);
    const ground: Ground = { kubernetes: platform.kubernetes, redis };
    const topology = topologyOf(platform.place, { shards: 3, replicas: 1 }, { placement: ANYWHERE });
    const cluster = await look(ground, topology);
    if (blocking(cluster).length > 0) {
      expect(blocking(cluster)).toContain('node-not-known');
      expect(steps(await planOn(ground, topology))).toEqual([{ kind: 'repair-address', pod: replica }]);
    }
    await applyOn(ground, topology);
    expect(blocking(await look(ground, topology))).toEqual([]);
    expect((await planOn(ground, topology)).stages).toEqual([]);
  }),
  180_000,
);

test(
  'a server that comes back on an old volume gives way to whoever owns its slots by now, and is joined again',
  onAll(async (server) => {
    await using platform = await formed(server, 4, 0);
    await using redis = platform.redis();
    const id = (await idsOf(platform)).get('redis-cluster-3') ?? '';
    await load({ pods: platform.pods(), redis }, { keys: 2_000 });
    await platform.kill('redis-cluster-3');
    const left = ['redis-cluster-0', 'redis-cluster-1', 'redis-cluster-2'];
    await platform.until(left, holdsForFailed(id));
    for (const pod of left) await platform.call(pod, ['CLUSTER', 'FORGET', id]);
    await platform.call('redis-cluster-0', ['CLUSTER', 'ADDSLOTS', ...slotsFrom(12_288)]);
    await platform.call('redis-cluster-0', ['CLUSTER', 'BUMPEPOCH']);
    await platform.untilInfo(left, 'CLUSTER', /cluster_state:ok/);
    const before = await digest({ pods: left.map((pod) => platform.pod(pod)), redis });
    await platform.restart('redis-cluster-3');

    const ground: Ground = { kubernetes: platform.kubernetes, redis };
    const topology = topologyOf(platform.place, { shards: 4, replicas: 0 }, { placement: ANYWHERE });
    // The ban by FORGET, during which gossip brings nothing.
    await sleep(61_000);
    await applyOn(ground, topology);
    expect(blocking(await look(ground, topology))).toEqual([]);
    expect((await planOn(ground, topology)).stages.length).toBe(0);
    const after = await digest({ pods: await primariesOf({ pods: platform.pods(), redis }), redis });
    expect(losses(before, after)).toEqual([]);
    expect(after.size).toBe(before.size);
  }),
  180_000,
);

async function formed(server: ServerProgram, shards: number, replicas: number): Promise<LocalPlatform> {
  const platform = await startLocalPlatform({ server, pods: shards * (1 + replicas), appendOnly: true });
  await platform.form({ shards, replicas });
  return platform;
}
