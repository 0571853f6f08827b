import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { type Cluster, slotOwners } from '../../src/core/cluster.ts';
import { loadEveryType, losses } from '../support/dataset.ts';
import type { ActionRun } from '../support/run-action.ts';
import { startTraffic } from '../support/traffic.ts';
import { imagesThat } from './support/live-cluster.ts';
import { seedsOfPods } from './support/pods.ts';
import { type StandingCluster, standUp } from './support/standing-cluster.ts';

const OLD = 'redis:7.0';
const NEWER = imagesThat((image) => !['redis:6.2', OLD].includes(image), 'valkey/valkey:9.1');

/** How an apply may end whose pods are replaced under it: in words, and going on is left to the next one. */
const IN_WORDS = /^(changed-meanwhile|cluster-unhealthy|migration-failed|redis-unreachable|step-failed)$/;

describe('a cluster in the middle of an update', () => {
  test.concurrent.each(NEWER)(
    'from redis:7.0 to %s, held by a partition: it grows under traffic; what older servers cannot read stays where it is, and is said; while the update goes on it shrinks',
    async (image) => {
      await using cluster = await standUp('updated', { image: OLD, change: readySoon });
      const { live } = cluster;
      await loadEveryType({ pods: (await live.look()).pods, redis: live.redis }, { each: 20 });
      const before = await live.keys();

      await update(cluster, { image, partition: 3 });
      await live.until('three pods of the newer version', (seen) => asTheFirst(seen) === 'yyynnn');
      const half = await live.settled();
      expect(half.findings.map(({ code }) => code)).toContain('versions-differ');
      await using traffic = await startTraffic(seedsOfPods(half.pods), { writers: 1, readers: 1, serversGo: true });
      expect(await apply(cluster, 4)).toMatchObject({ outputs: { result: 'applied' } });
      expect(slotOwners(await live.look())).toHaveLength(4);
      expect(traffic.report()).toMatchObject({ errors: 0, wrong: 0, stale: 0, examples: [] });

      const planned = await cluster.act(cluster.declare(3), { inputs: { command: 'plan' } });
      expect(planned.summary).toMatch(/redis-cluster-0 \(.*\) may not read keys of redis-cluster-6 \(/);
      const early = await apply(cluster, 3);
      expect(early.outputs).toMatchObject({ result: 'failed', 'failure-reason': 'migration-failed' });
      expect(early.log).toContain('Finish the update of the servers');
      expect(traffic.report()).toMatchObject({ errors: 0, wrong: 0, stale: 0, examples: [] });
      expect(losses(before, await live.keys())).toEqual([]);

      await update(cluster, { image, partition: 0 });
      await applyUntilDone(cluster, 3);
      await live.until('six pods of one version', (seen) => asTheFirst(seen) === 'yyyyyy');
      expect((await cluster.act(cluster.declare(3), { inputs: { command: 'plan' } })).outputs['result']).toBe(
        'no-changes',
      );
      const { wrong, examples } = await traffic.stop();
      expect([wrong, examples]).toEqual([0, []]);
      expect(losses(before, await live.keys())).toEqual([]);
    },
    600_000,
  );
});

/** A pod waits for the next one of an update as long as its replica needs here. */
function readySoon(text: string): string {
  return text.replace('minReadySeconds: 15', 'minReadySeconds: 3');
}

/** A letter for every pod: whether it runs the version that the first one runs. */
function asTheFirst({ members }: Cluster): string {
  const versions = members.toSorted((a, b) => a.pod.localeCompare(b.pod)).map(({ facts }) => facts.version);
  return versions.map((version) => (version === versions[0] ? 'y' : 'n')).join('');
}

/** As somebody who has changed the manifest: the pods from `partition` on get the image, the highest first. */
async function update(
  { namespace }: StandingCluster,
  { image, partition }: { image: string; partition: number },
): Promise<void> {
  const template = { spec: { containers: [{ name: 'redis', image }] } };
  const updateStrategy = { type: 'RollingUpdate', rollingUpdate: { partition } };
  await namespace.apply({
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'redis-cluster' },
    spec: { updateStrategy, template },
  });
}

function apply(cluster: StandingCluster, shards: number): Promise<ActionRun> {
  return cluster.act(cluster.declare(shards), { inputs: { command: 'apply' } });
}

/** As somebody who does not wait for the update to end: again and again, three minutes at most. Each time it is done or says why not. */
async function applyUntilDone(cluster: StandingCluster, shards: number): Promise<void> {
  for (const deadline = Date.now() + 180_000; ; await sleep(3_000)) {
    const { outputs, exitCode, log } = await apply(cluster, shards);
    if (exitCode === 0) return;
    expect(outputs['failure-reason']).toMatch(IN_WORDS);
    if (Date.now() > deadline) throw new Error(`Not done within three minutes:\n${log}`);
  }
}
