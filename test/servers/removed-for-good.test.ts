import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import type { Topology } from '../../src/core/topology.ts';
import type { Journal } from '../../src/engine/carry-out.ts';
import { missingAllow } from '../../src/plan/dangers.ts';
import { steps } from '../../src/plan/plan.ts';
import { applyOn, type Ground, planOn } from '../support/apply.ts';
import { load } from '../support/dataset.ts';
import { type LocalPlatform, startLocalPlatform } from '../support/local-platform.ts';
import { NEWEST, type ServerProgram } from '../support/servers.ts';
import { topologyOf } from '../support/topology.ts';

const STAYING = ['redis-cluster-0', 'redis-cluster-1', 'redis-cluster-2'];
const REMOVED = 'redis-cluster-3';
/** Milliseconds: FORGET bans a node for a minute, after which gossip would bring it back where anybody still knows it. */
const BAN_AND_MORE = 75_000;

test.concurrent('a node that was removed stays out while its pod still runs', async () => {
  // At the same time, for the time that it takes.
  await Promise.all(NEWEST.map(staysOut));
});

test.concurrent('a pod that was scaled away by hand is not: its keys are on its volume, and come back with it', async () => {
  await Promise.all(NEWEST.map(comesBack));
});

async function staysOut(server: ServerProgram): Promise<void> {
  await using platform = await startLocalPlatform({ server, pods: 4 });
  await platform.form({ shards: 4, replicas: 0 });
  await using redis = platform.redis();
  const ground: Ground = { kubernetes: platform.kubernetes, redis };
  const id = String(await platform.call(REMOVED, ['CLUSTER', 'MYID']));
  const killed = new Error('The run was killed before it scaled.');
  const journal: Journal = {
    stage: async (_number, planned, work) => {
      if (planned.some(({ step }) => step.kind === 'scale')) throw killed;
      await work();
    },
    tell: () => undefined,
  };
  const applied = applyOn(ground, topologyOf(platform.place, { shards: 3, replicas: 0 }), { journal });
  await expect(applied).rejects.toBe(killed);

  await sleep(BAN_AND_MORE);
  for (const pod of STAYING) {
    const nodes = String(await platform.call(pod, ['CLUSTER', 'NODES']));
    expect(nodes).not.toContain(id);
    expect(nodes.trim().split('\n')).toHaveLength(STAYING.length);
  }
  const own = String(await platform.call(REMOVED, ['CLUSTER', 'NODES']));
  expect(own.trim().split('\n')).toHaveLength(1);
  expect(await platform.call(REMOVED, ['DBSIZE'])).toBe(0);
}

async function comesBack(server: ServerProgram): Promise<void> {
  // A server of the local platform is killed: with `everysec` it may not have written the last two seconds.
  const config = { appendfsync: 'always' };
  await using platform = await startLocalPlatform({ server, pods: 4, appendOnly: true, nodeTimeout: 2_000, config });
  await platform.form({ shards: 4, replicas: 0 });
  await using redis = platform.redis();
  const ground: Ground = { kubernetes: platform.kubernetes, redis };
  await load({ pods: platform.pods(), redis }, { keys: 1_000 });
  const before = topologyOf(platform.place, { shards: 4, replicas: 0 });
  const less = topologyOf(platform.place, { shards: 3, replicas: 0 });
  const id = String(await platform.call(REMOVED, ['CLUSTER', 'MYID']));

  await platform.scale(3);
  await onlyComesBack(ground, before);
  await platform.until(STAYING, (nodes) => /[ ,]fail[ ,]/.test(nodes));
  await onlyComesBack(ground, before);
  const refusal = { remedy: expect.stringMatching(/to 4 pods.*delete the PersistentVolumeClaim data-redis-cluster-3/) };
  for (const onScaleDown of ['retain', 'delete'] as const)
    await expect(planOn(ground, { ...less, volumes: { onScaleDown } })).rejects.toMatchObject(refusal);
  await applyOn(ground, before);
  expect(await keysOf(platform)).toBe(1_000);
  expect((await planOn(ground, before)).stages).toEqual([]);

  await platform.scale(3);
  for (const pod of STAYING) await platform.call(pod, ['CLUSTER', 'FORGET', id]);
  await expect(planOn(ground, less)).rejects.toMatchObject(refusal);
  await onlyComesBack(ground, before);
}

async function onlyComesBack(ground: Ground, topology: Topology): Promise<void> {
  const plan = await planOn(ground, topology);
  expect(steps(plan)).toEqual([
    { kind: 'scale', from: 3, to: 4 },
    { kind: 'wait-for-pods', pods: [REMOVED] },
  ]);
  expect(missingAllow(plan, [])).toEqual([]);
}

async function keysOf(platform: LocalPlatform): Promise<number> {
  const sizes = await Promise.all([...STAYING, REMOVED].map((pod) => platform.call(pod, ['DBSIZE'])));
  return sizes.reduce((sum: number, size) => sum + Number(size), 0);
}
