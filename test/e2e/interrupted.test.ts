import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createKubernetes } from '../../src/adapters/kubernetes/kubernetes.ts';
import { slotOwners } from '../../src/core/cluster.ts';
import { count } from '../../src/core/slots.ts';
import { leaseName } from '../../src/engine/lock.ts';
import { ApiGate } from '../support/api-gate.ts';
import { losses } from '../support/dataset.ts';
import { startTraffic } from '../support/traffic.ts';
import { seedsOfPods } from './support/pods.ts';
import { type StandingCluster, standUp } from './support/standing-cluster.ts';

const MANUAL = { command: 'apply', 'require-approved-plan': 'true' };

describe('an apply that is interrupted while slots move', () => {
  let cluster: StandingCluster;

  beforeAll(async () => {
    cluster = await standUp('stops', { data: { keys: 60_000, bytes: 200 } });
  });

  afterAll(async () => {
    await cluster[Symbol.asyncDispose]();
  });

  test.each([
    ['SIGTERM', 4],
    ['SIGKILL', 3],
  ] as const)('by %s loses nothing, and the next run with the same approval ends it', async (signal, shards) => {
    const topology = cluster.declare(shards);
    const before = await cluster.live.keys();
    const { pods } = await cluster.live.look();
    await using traffic = await startTraffic(seedsOfPods(pods), { writers: 1, readers: 1, prefix: signal });
    const planned = await cluster.act(topology, { inputs: { command: 'plan' } });
    const approved = { ...MANUAL, 'approved-plan': planned.outputs['plan-hash'] ?? '' };
    const stopped = await cluster.act(topology, {
      inputs: approved,
      onLine: (line, process) => {
        if (/^::group::\d+\. Move /.test(line)) setTimeout(() => process.kill(signal), 150);
      },
    });
    if (signal === 'SIGTERM') {
      expect(stopped.outputs).toMatchObject({ result: 'failed', 'failure-reason': 'stopped' });
      const { members } = await cluster.live.look();
      expect(members.flatMap((member) => member.open ?? [])).toEqual([]);
    } else {
      expect(stopped.exitCode).toBe(-1);
    }

    const ended = await cluster.act(topology, { inputs: { ...approved, 'lock-timeout': '2m' } });
    expect([ended.outputs['result'], ended.exitCode === 0 ? '' : ended.log]).toEqual(['applied', '']);
    // Who was told to stop gave the lock back; whoever was killed holds it for 30 s more.
    expect(ended.log.includes('Waiting for another apply')).toBe(signal === 'SIGKILL');
    const after = await cluster.live.look();
    expect(slotOwners(after).map((owner) => count(owner.slots))).toHaveLength(shards);
    expect(after.members.flatMap((member) => member.open ?? [])).toEqual([]);
    expect(await traffic.stop()).toMatchObject({ errors: 0, wrong: 0, stale: 0, examples: [] });
    expect(await traffic.verify()).toEqual([]);
    const keys = await cluster.live.keys();
    expect(losses(before, keys)).toEqual([]);
    const again = await cluster.act(topology, { inputs: { command: 'plan' } });
    expect(again.outputs).toMatchObject({ result: 'no-changes' });
  });

  test('by another run that takes its lock stops, and what it had begun can be ended', async () => {
    const { kubernetes, place } = {
      kubernetes: createKubernetes(cluster.namespace.config),
      place: cluster.namespace.place(),
    };
    const options = { signal: AbortSignal.timeout(120_000) };
    const name = leaseName('redis-cluster');
    const other = { holder: 'https://example.com/another-run', token: 'another run', seconds: 30, note: '' };
    const steal = async (): Promise<void> => {
      const lease = await kubernetes.readLease(place, name, options);
      await kubernetes.writeLease(place, name, other, { ...options, version: lease?.version ?? null });
    };
    const stolen: Promise<void>[] = [];
    const run = await cluster.act(cluster.declare(4), {
      inputs: { command: 'apply' },
      onLine: (line) => {
        if (stolen.length === 0 && line.startsWith('::group::1.')) stolen.push(steal());
      },
    });
    await Promise.all(stolen);
    expect(run.outputs).toMatchObject({ result: 'failed', 'failure-reason': 'lock-lost' });
    expect(run.log).toContain(other.holder);
    const { members } = await cluster.live.look();
    expect(members.flatMap((member) => member.open ?? [])).toEqual([]);
    await cluster.namespace.expireLease(name);
  });

  test('by an API server that is away for 20 s goes on when it is back', async () => {
    await using gate = await ApiGate.open();
    const before = await cluster.live.keys();
    const { pods } = await cluster.live.look();
    await using traffic = await startTraffic(seedsOfPods(pods), { writers: 1, readers: 1, prefix: 'away' });
    const away: Promise<void>[] = [];
    const run = await cluster.act(cluster.declare(4), {
      inputs: { command: 'apply', kubeconfig: gate.config().exportConfig() },
      onLine: (line) => {
        if (away.length === 0 && line.startsWith('::group::1.')) away.push(isAwayFor(gate, 20_000));
      },
    });
    expect([run.outputs['result'], run.exitCode === 0 ? '' : run.log]).toEqual(['applied', '']);
    expect(away).toHaveLength(1);
    await Promise.all(away);
    expect(slotOwners(await cluster.live.look())).toHaveLength(4);
    expect(await traffic.stop()).toMatchObject({ errors: 0, wrong: 0, stale: 0, examples: [] });
    expect(losses(before, await cluster.live.keys())).toEqual([]);
  });
});

async function isAwayFor(gate: ApiGate, milliseconds: number): Promise<void> {
  await gate.shut();
  await sleep(milliseconds);
  await gate.reopen();
}
