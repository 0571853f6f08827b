import { readFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { slotOwners } from '../../src/core/cluster.ts';
import { primariesOf } from '../support/dataset.ts';
import type { ActionRun } from '../support/run-action.ts';
import { inWords, Tally, tallies, talliesHeld, writeTallies } from '../support/tally.ts';
import { startTraffic } from '../support/traffic.ts';
import { NEWER_THAN_6 } from './support/live-cluster.ts';
import { seedsOfPods } from './support/pods.ts';
import { type StandingCluster, standUp } from './support/standing-cluster.ts';

const KEYS = tallies(Array.from({ length: 2_000 }, (_, i) => `of a module ${i}`));
/** It is about what is on new pods; what servers do with modules is tried on all of them without Kubernetes. */
const NEWEST = NEWER_THAN_6.slice(-1);
const LOADS = 'loadmodule /conf/tally.so';

describe('keys of a module', () => {
  test.concurrent.each(NEWEST)(
    'on %s: move under traffic as the cluster grows and shrinks; new pods without the module get none of them, which is said, and with it the next apply goes on',
    async (image) => {
      using tally = new Tally();
      const file = await readFile(tally.build({ version: 1, asAWhole: true }), 'base64');
      await using cluster = await standUp('modules', { image, change: (text) => withModule(text, file) });
      const { live } = cluster;
      await writeTallies({ pods: (await live.look()).pods, redis: live.redis }, KEYS);
      for (const shards of [4, 3]) {
        const { outputs, log, exitCode } = await underTraffic(cluster, shards);
        expect([outputs['result'], exitCode === 0 ? '' : log]).toEqual(['applied', '']);
        expect(await held(cluster)).toEqual(inWords(KEYS));
      }

      await forgetModule(cluster);
      const stopped = await underTraffic(cluster, 4, 'without the module');
      expect(stopped.outputs).toMatchObject({ result: 'failed', 'failure-reason': 'migration-failed' });
      expect(stopped.log).toContain('it lacks the module that made it');
      expect(await held(cluster)).toEqual(inWords(KEYS));

      for (const pod of ['redis-cluster-6', 'redis-cluster-7'])
        await live.send(pod, 'MODULE', 'LOAD', '/conf/tally.so');
      expect((await underTraffic(cluster, 4, 'with the module')).outputs).toMatchObject({ result: 'applied' });
      expect(slotOwners(await live.look())).toHaveLength(4);
      expect(await held(cluster)).toEqual(inWords(KEYS));
    },
    600_000,
  );
});

/** The module comes to the pods beside their configuration. */
function withModule(text: string, file: string): string {
  return text
    .replace('\ndata:\n', `\nbinaryData:\n  tally.so: ${file}\ndata:\n`)
    .replace('appendonly yes', `${LOADS}\n    enable-module-command yes\n    appendonly yes`)
    .replace(/(configMap:\n +)(name: redis-cluster\n)/, (_, head: string, name: string) => {
      return `${head}${name}${head.split('\n')[1] ?? ''}defaultMode: 0755\n`;
    });
}

/** Pods that start from now on do so without it. */
async function forgetModule({ workspace, namespace }: StandingCluster): Promise<void> {
  const file = `${workspace.folder}/manifests/cluster.yaml`;
  await namespace.applyFile(file, (text) => `${text.split('\n---\n')[0]}\n`.replace(LOADS, ''));
}

async function underTraffic(cluster: StandingCluster, shards: number, prefix = `with ${shards}`): Promise<ActionRun> {
  const { pods } = await cluster.live.look();
  await using traffic = await startTraffic(seedsOfPods(pods), { writers: 1, readers: 1, prefix });
  // A server without the module does not start on a volume that has keys of it.
  const topology = cluster.declare(shards, 'volumes: {onScaleDown: delete}');
  const run = await cluster.act(topology, { inputs: { command: 'apply', allow: 'delete-volumes' } });
  expect(await traffic.stop()).toMatchObject({ errors: 0, wrong: 0, stale: 0, examples: [] });
  expect(await traffic.verify()).toEqual([]);
  return run;
}

async function held({ live }: StandingCluster): Promise<readonly string[]> {
  const { pods } = await live.look();
  return talliesHeld({ pods: await primariesOf({ pods, redis: live.redis }), redis: live.redis });
}
