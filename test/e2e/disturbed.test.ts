import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { slotOwners } from '../../src/core/cluster.ts';
import { losses } from '../support/dataset.ts';
import type { ActionRun } from '../support/run-action.ts';
import { startTraffic } from '../support/traffic.ts';
import { seedsOfPods } from './support/pods.ts';
import { type StandingCluster, standUp } from './support/standing-cluster.ts';

/** How an apply may end whose pods are taken away under it: in words, and going on is left to the next one. */
const IN_WORDS =
  /^(changed-meanwhile|cluster-unhealthy|migration-failed|not-as-declared|redis-unreachable|step-failed|timeout)$/;

/**
 * Of a donor of Redis 7.0 that hands over to its replica in the midst of a batch that replica knows no marks: until this run has opened
 * the slots again clients do not find what has moved of them. Valkey moves slots as a whole, and nothing is hidden.
 */
const HIDES: Readonly<Record<string, boolean>> = { 'redis:7.0': true, 'valkey/valkey:9.1': false };

describe.each(Object.entries(HIDES))('an apply on %s that others disturb', (image, hides) => {
  let cluster: StandingCluster;

  beforeAll(async () => {
    cluster = await standUp('disturbed', { data: { keys: 60_000, bytes: 200 }, image });
  });

  afterAll(async () => {
    await cluster[Symbol.asyncDispose]();
  });

  test('by a drain of the Kubernetes node of a donor loses nothing, and the next one ends it', async () => {
    await disturbedInMoves(async () => {
      const { pods } = await cluster.live.look();
      const node = pods.find(({ name }) => name === 'redis-cluster-0')?.node ?? '';
      await drain(
        node,
        pods.filter((pod) => pod.node === node).map(({ name }) => name),
      );
    });
  });

  test('by a person who scales the StatefulSet stops and says so', async () => {
    const topology = cluster.declare(3);
    const scaling: Promise<void>[] = [];
    const run = await cluster.act(topology, {
      inputs: { command: 'apply' },
      onLine: (line) => {
        if (scaling.length === 0 && line.startsWith('::group::1.')) {
          scaling.push(cluster.namespace.scale('redis-cluster', 9));
        }
      },
    });
    expect(scaling).toHaveLength(1);
    await Promise.all(scaling);
    expect(run.outputs).toMatchObject({ result: 'failed', 'failure-reason': 'changed-meanwhile' });
    expect(run.log).toContain('replicas: planned 8, now 9');
    await cluster.namespace.scale('redis-cluster', 8);
    await gone('redis-cluster-8');
    await goOn(topology);
  });

  /** Applies under traffic, lets something happen just after the first slots have begun to move, and applies until it is done. */
  async function disturbedInMoves(disturb: () => Promise<void>): Promise<void> {
    const topology = cluster.declare(4);
    const before = await cluster.live.keys();
    const { pods } = await cluster.live.look();
    await using traffic = await startTraffic(seedsOfPods(pods), { writers: 1, readers: 1, serversGo: true });
    const disturbing: Promise<void>[] = [];
    const run = await cluster.act(topology, {
      inputs: { command: 'apply' },
      onLine: (line) => {
        if (disturbing.length === 0 && /^::group::\d+\. Move /.test(line)) disturbing.push(disturb());
      },
    });
    expect(disturbing).toHaveLength(1);
    await Promise.all(disturbing);
    if (run.outputs['result'] !== 'applied') {
      expect([run.outputs['result'], run.log]).toEqual(['failed', expect.stringContaining('What to do: ')]);
      expect(run.outputs['failure-reason']).toMatch(IN_WORDS);
    }
    await ready(8);
    await goOn(topology);
    expect(slotOwners(await cluster.live.look())).toHaveLength(4);
    // Commands may fail while a pod is away, and what a primary had not sent on before it stopped is lost with it.
    const { wrong, examples } = await traffic.stop();
    if (!hides) expect([wrong, wrong === 0 ? [] : examples]).toEqual([0, []]);
    expect(losses(before, await cluster.live.keys())).toEqual([]);
  }

  /** The next run goes on, unless servers were still coming back under it. */
  async function goOn(topology: string): Promise<void> {
    const runs: ActionRun[] = [];
    do {
      runs.push(await cluster.act(topology, { inputs: { command: 'apply' } }));
    } while (runs.at(-1)?.exitCode !== 0 && runs.length < 3);
    const last = runs.at(-1);
    expect([last?.exitCode, last?.exitCode === 0 ? '' : last?.log]).toEqual([0, '']);
    const { outputs, log } = await cluster.act(topology, { inputs: { command: 'status' } });
    expect([outputs['result'], outputs['result'] === 'in-sync' ? '' : log]).toEqual(['in-sync', '']);
  }

  /**
   * As `kubectl drain`: nothing new comes to the node, and its pods are asked to go, as fast as their budget allows it. A volume
   * may bind a pod to its node: it is let in again before the next one goes.
   */
  async function drain(node: string, names: readonly string[]): Promise<void> {
    for (const name of names) {
      await cluster.namespace.setSchedulable(node, false);
      try {
        await until(`${name} may go`, () => cluster.namespace.evictPod(name));
        await sleep(1_000);
      } finally {
        await cluster.namespace.setSchedulable(node, true);
      }
      await ready(6);
    }
  }

  async function ready(pods: number): Promise<void> {
    await until(`${pods} pods are ready`, async () => {
      const seen = await cluster.live.pods();
      return seen.filter((pod) => pod.ready && !pod.deleting).length >= pods;
    });
  }

  async function gone(name: string): Promise<void> {
    await until(`${name} is gone`, async () => (await cluster.live.pods()).every((pod) => pod.name !== name));
  }
});

async function until(what: string, look: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 120_000; Date.now() < deadline; await sleep(500)) {
    if (await look()) return;
  }
  throw new Error(`Waited two minutes until ${what}.`);
}
