import { expect, test } from '@jest/globals';
import type { Cluster } from '../../src/core/cluster.ts';
import type { Journal } from '../../src/engine/carry-out.ts';
import { runStep } from '../../src/engine/runners.ts';
import { applyOn, type Ground, look, planOn } from '../support/apply.ts';
import { digest, load, losses, primariesOf } from '../support/dataset.ts';
import { eventually } from '../support/eventually.ts';
import { startLocalPlatform } from '../support/local-platform.ts';
import { NEWEST } from '../support/servers.ts';
import { topologyOf } from '../support/topology.ts';
import { stageOf } from './migration/stage.ts';

/** Milliseconds: a server that has not answered for 5 s counts as silent. */
const AWAY = 7_000;

test.each([...NEWEST])(
  'a pod that is silent when it is to be removed is waited for, and not taken for one that is out ($name)',
  async (server) => {
    await using platform = await startLocalPlatform({ server, pods: 6, appendOnly: true, nodeTimeout: 15_000 });
    await using redis = platform.redis();
    await platform.form({ shards: 3, replicas: 1 });
    const ground: Ground = { kubernetes: platform.kubernetes, redis };
    const topology = topologyOf(platform.place, { shards: 3, replicas: 0 });
    await load({ pods: platform.pods(), redis }, { keys: 500 });
    const before = await digest({ pods: await primariesOf({ pods: platform.pods(), redis }), redis });
    const silent = 'redis-cluster-4';
    const back: Promise<void>[] = [];
    const journal: Journal = {
      async stage(_number, planned, work) {
        if (planned.some(({ step }) => step.kind === 'remove') && back.length === 0) {
          platform.stop(silent);
          back.push(new Promise((resolve) => setTimeout(resolve, AWAY)).then(() => platform.resume(silent)));
        }
        await work();
      },
      tell: () => undefined,
    };
    await applyOn(ground, topology, { journal });
    await Promise.all(back);
    expect(back).toHaveLength(1);
    expect((await look(ground, topology)).findings.filter(({ weight }) => weight === 'blocks')).toEqual([]);
    expect((await planOn(ground, topology)).stages).toEqual([]);
    expect(losses(before, await digest({ pods: platform.pods(), redis }))).toEqual([]);
    // What its volume holds was emptied, too.
    await platform.scale(6);
    const { members } = await look(ground, topology);
    expect(members.slice(3).filter(({ joined, facts }) => joined || facts.keys > 0)).toEqual([]);
    expect(members).toHaveLength(6);
  },
);

test.each([...NEWEST])(
  'a replica whose primary is away is neither removed nor given to another one ($name)',
  async (server) => {
    await using platform = await startLocalPlatform({ server, pods: 4, nodeTimeout: 2_000 });
    await using redis = platform.redis();
    // Of two primaries none is failed over: there is no majority.
    await platform.form({ shards: 2, replicas: 1 });
    await load({ pods: platform.pods(), redis }, { keys: 500 });
    const [pod, primary] = ['redis-cluster-2', 'redis-cluster-1'];
    const keys = async () => Number(await platform.call(pod, ['DBSIZE']));
    const before = await keys();
    expect(before).toBeGreaterThan(100);
    const context = await stageOf(platform, redis);
    platform.stop('redis-cluster-0');
    const isMissed = async () => /fail/.test(String(await platform.call(pod, ['CLUSTER', 'NODES'])));
    await eventually(isMissed, 'the replica to miss its primary');
    const refusal = { code: 'changed-meanwhile', message: expect.stringContaining('may have the only copy') };
    await expect(runStep({ kind: 'replicate', pod, primary }, context)).rejects.toMatchObject(refusal);
    const removing = runStep(
      { kind: 'remove', pod },
      { ...context, cluster: without(context.cluster, 'redis-cluster-0') },
    );
    await expect(removing).rejects.toMatchObject(refusal);
    expect(await keys()).toBe(before);
    platform.resume('redis-cluster-0');
  },
);

function without(cluster: Cluster, pod: string): Cluster {
  return { ...cluster, members: cluster.members.filter((member) => member.pod !== pod) };
}
