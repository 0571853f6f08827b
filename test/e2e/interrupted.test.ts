import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { slotOwners } from '../../src/core/cluster.ts';
import { count } from '../../src/core/slots.ts';
import { ApiGate } from '../support/api-gate.ts';
import { losses } from '../support/dataset.ts';
import { startTraffic } from '../support/traffic.ts';
import { seedsOfPods } from './support/pods.ts';
import { type StandingCluster, standUp } from './support/standing-cluster.ts';

const MANUAL = { command: 'apply', 'require-approved-plan': 'true' };

describe('an apply that is interrupted while slots move', () => {
  let cluster: StandingCluster;

  beforeAll(async () => {
    cluster = await standUp('stops', { keys: 60_000, bytes: 200 });
  }, 240_000);

  afterAll(async () => {
    await cluster[Symbol.asyncDispose]();
  }, 60_000);

  test.each([
    ['SIGTERM', 4],
    ['SIGKILL', 3],
  ] as const)(
    'by %s loses nothing, and the next run with the same approval ends it',
    async (signal, shards) => {
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
      const after = await cluster.live.look();
      expect(slotOwners(after).map((owner) => count(owner.slots))).toHaveLength(shards);
      expect(after.members.flatMap((member) => member.open ?? [])).toEqual([]);
      expect(await traffic.stop()).toMatchObject({ errors: 0, wrong: 0, stale: 0, examples: [] });
      expect(await traffic.verify()).toEqual([]);
      const keys = await cluster.live.keys();
      expect(losses(before, keys)).toEqual([]);
      const again = await cluster.act(topology, { inputs: { command: 'plan' } });
      expect(again.outputs).toMatchObject({ result: 'no-changes' });
    },
    300_000,
  );

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
  }, 300_000);
});

async function isAwayFor(gate: ApiGate, milliseconds: number): Promise<void> {
  await gate.shut();
  await sleep(milliseconds);
  await gate.reopen();
}
