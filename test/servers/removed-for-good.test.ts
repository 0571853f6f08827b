import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import type { Journal } from '../../src/engine/carry-out.ts';
import { applyOn, type Ground } from '../support/apply.ts';
import { startLocalPlatform } from '../support/local-platform.ts';
import { REPRESENTATIVES, type ServerProgram } from '../support/servers.ts';
import { topologyOf } from '../support/topology.ts';

const STAYING = ['redis-cluster-0', 'redis-cluster-1', 'redis-cluster-2'];
const REMOVED = 'redis-cluster-3';
/** Milliseconds: FORGET bans a node for a minute, after which gossip would bring it back where anybody still knows it. */
const BAN_AND_MORE = 75_000;

test('a node that was removed stays out while its pod still runs', async () => {
  // At the same time, for the time that it takes.
  await Promise.all(REPRESENTATIVES.map(staysOut));
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
