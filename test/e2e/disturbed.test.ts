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

/** @param more what else disturbs it, on the four shards that the first test leaves */
function onImage(image: string, { hides, more }: { hides: boolean; more: (disturbed: () => Disturbed) => void }): void {
  describe(`an apply on ${image} that others disturb`, () => {
    let disturbed: Disturbed;

    beforeAll(async () => {
      disturbed = new Disturbed(await standUp('disturbed', { data: { keys: 60_000, bytes: 200 }, image }), hides);
    });

    afterAll(async () => {
      await disturbed.cluster[Symbol.asyncDispose]();
    });

    test('by a drain of the Kubernetes node of a donor loses nothing, and the next one ends it', async () => {
      await disturbed.in('Move', 4, async () => {
        const { pods } = await disturbed.cluster.live.look();
        const node = pods.find(({ name }) => name === 'redis-cluster-0')?.node ?? '';
        const names = pods.filter((pod) => pod.node === node).map(({ name }) => name);
        await disturbed.drain(node, names);
      });
    });

    more(() => disturbed);
  });
}

/**
 * A donor of Redis 7.0 that hands over to its replica in the midst of a batch hides what has moved of it: that replica knows no marks,
 * until this run has opened the slots again. Valkey moves slots as a whole, and nothing is hidden.
 */
onImage('redis:7.0', {
  hides: true,
  more: (disturbed) => {
    test('by a person who scales the StatefulSet stops and says so', async () => {
      const { cluster } = disturbed();
      const scaling: Promise<void>[] = [];
      const run = await cluster.act(cluster.declare(3), {
        inputs: { command: 'apply' },
        onLine: (line) => {
          if (scaling.length === 0 && line.startsWith('::group::1.'))
            scaling.push(cluster.namespace.scale('redis-cluster', 9));
        },
      });
      expect(scaling).toHaveLength(1);
      await Promise.all(scaling);
      expect(run.outputs).toMatchObject({ result: 'failed', 'failure-reason': 'changed-meanwhile' });
      expect(run.log).toContain('replicas: planned 8, now 9');
      await cluster.namespace.scale('redis-cluster', 8);
      await disturbed().gone('redis-cluster-8');
    });

    test('by the deletion of a pod that gets slots loses nothing, and the next one ends it', async () => {
      const { namespace, live } = disturbed().cluster;
      // The run that was stopped has moved the slots of the fourth shard away, and no more.
      const { members } = await live.look();
      const receiver = members.find(({ role, slots }) => role === 'primary' && slots.length === 0);
      await disturbed().in('Move', 4, () => namespace.deletePod(receiver?.pod ?? ''));
    });
  },
});

onImage('valkey/valkey:9.1', {
  hides: false,
  more: (disturbed) => {
    test('by the deletion of a pod that joins loses nothing, and the next one ends it', async () => {
      await disturbed().in('Join', 5, () => disturbed().cluster.namespace.deletePod('redis-cluster-8'));
    });
  },
});

class Disturbed {
  readonly cluster: StandingCluster;
  readonly #hides: boolean;
  #times = 0;

  constructor(cluster: StandingCluster, hides: boolean) {
    this.cluster = cluster;
    this.#hides = hides;
  }

  /** Applies under traffic, lets something happen as soon as a stage of a kind has begun, and applies until it is done. */
  async in(stage: 'Join' | 'Move', shards: number, disturb: () => Promise<void>): Promise<void> {
    const { live } = this.cluster;
    const topology = this.cluster.declare(shards);
    const before = await live.keys();
    const { pods } = await live.look();
    this.#times += 1;
    await using traffic = await startTraffic(seedsOfPods(pods), {
      writers: 1,
      readers: 1,
      serversGo: true,
      prefix: `disturbed ${this.#times}`,
    });
    const disturbing: Promise<void>[] = [];
    const begins = new RegExp(`^::group::\\d+\\. ${stage} `);
    const run = await this.cluster.act(topology, {
      inputs: { command: 'apply' },
      onLine: (line) => {
        if (disturbing.length === 0 && begins.test(line)) disturbing.push(disturb());
      },
    });
    expect(disturbing).toHaveLength(1);
    await Promise.all(disturbing);
    if (run.outputs['result'] !== 'applied') {
      expect([run.outputs['result'], run.log]).toEqual(['failed', expect.stringContaining('What to do: ')]);
      expect(run.outputs['failure-reason']).toMatch(IN_WORDS);
    }
    await this.#ready(2 * shards);
    await this.#goOn(topology);
    expect(slotOwners(await live.look())).toHaveLength(shards);
    // Commands may fail while a pod is away, and what a primary had not sent on before it stopped is lost with it.
    const { wrong, examples } = await traffic.stop();
    if (!this.#hides) expect([wrong, wrong === 0 ? [] : examples]).toEqual([0, []]);
    expect(losses(before, await live.keys())).toEqual([]);
  }

  /** The next run goes on, unless servers were still coming back under it. */
  async #goOn(topology: string): Promise<void> {
    const runs: ActionRun[] = [];
    do {
      runs.push(await this.cluster.act(topology, { inputs: { command: 'apply' } }));
    } while (runs.at(-1)?.exitCode !== 0 && runs.length < 3);
    const last = runs.at(-1);
    expect([last?.exitCode, last?.exitCode === 0 ? '' : last?.log]).toEqual([0, '']);
    const { outputs, log } = await this.cluster.act(topology, { inputs: { command: 'status' } });
    expect([outputs['result'], outputs['result'] === 'in-sync' ? '' : log]).toEqual(['in-sync', '']);
  }

  /**
   * As `kubectl drain`: nothing new comes to the node, and its pods are asked to go, as fast as their budget allows it. A volume
   * may bind a pod to its node: it is let in again before the next one goes.
   */
  async drain(node: string, names: readonly string[]): Promise<void> {
    for (const name of names) {
      await this.cluster.namespace.setSchedulable(node, false);
      try {
        await until(`${name} may go`, () => this.cluster.namespace.evictPod(name));
        await sleep(1_000);
      } finally {
        await this.cluster.namespace.setSchedulable(node, true);
      }
      await this.#ready(6);
    }
  }

  async #ready(pods: number): Promise<void> {
    await until(`${pods} pods are ready`, async () => {
      const seen = await this.cluster.live.pods();
      return seen.filter((pod) => pod.ready && !pod.deleting).length >= pods;
    });
  }

  async gone(name: string): Promise<void> {
    await until(`${name} is gone`, async () => (await this.cluster.live.pods()).every((pod) => pod.name !== name));
  }
}

async function until(what: string, look: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 120_000; Date.now() < deadline; await sleep(500)) {
    if (await look()) return;
  }
  throw new Error(`Waited two minutes until ${what}.`);
}
