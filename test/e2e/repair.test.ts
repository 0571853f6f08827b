import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { wordInSlot } from '../../src/migration/key-slot.ts';
import { losses } from '../support/dataset.ts';
import { type StandingCluster, standUp } from './support/standing-cluster.ts';

const SLOT = 100;
const [DONOR, RECEIVER] = ['redis-cluster-0', 'redis-cluster-1'];

describe('a cluster that is found half broken', () => {
  let cluster: StandingCluster;

  beforeAll(async () => {
    cluster = await standUp('broken', { data: { keys: 2_000 } });
  });

  afterAll(async () => {
    await cluster[Symbol.asyncDispose]();
  });

  const send = (pod: string, ...words: readonly (string | number)[]) => cluster.live.send(pod, ...words);
  const apply = (more: Readonly<Record<string, string>> = {}) =>
    cluster.act(cluster.declare(3), { inputs: { command: 'apply', ...more } });

  /** What the plan shows is what the apply does, and then all is as declared. */
  async function mend(kind: string): Promise<void> {
    const planned = await cluster.act(cluster.declare(3), { inputs: { command: 'plan' } });
    expect([planned.outputs['result'], planned.exitCode === 0 ? '' : planned.log]).toEqual(['planned', '']);
    const hash = planned.outputs['plan-hash'] ?? '';
    const applied = await apply({ 'require-approved-plan': 'true', 'approved-plan': hash });
    expect([applied.outputs['result'], applied.exitCode === 0 ? '' : applied.log]).toEqual(['applied', '']);
    expect(planned.outputs['plan']).toContain(`"kind": "${kind}"`);
    await expectInSync();
  }

  async function expectInSync(): Promise<void> {
    const { outputs, log } = await cluster.act(cluster.declare(3), { inputs: { command: 'status' } });
    expect([outputs['result'], outputs['result'] === 'in-sync' ? '' : log]).toEqual(['in-sync', '']);
  }

  test('a move that died half way is ended, with all keys', async () => {
    const key = `{${wordInSlot(SLOT)}}`;
    await send(DONOR, 'SET', `${key}:stays`, 1);
    await send(DONOR, 'SET', `${key}:goes`, 1);
    const before = await cluster.live.keys();
    const ids = new Map((await cluster.live.look()).members.map(({ pod, id }) => [pod, id]));
    const { pods } = await cluster.live.look();
    await send(RECEIVER, 'CLUSTER', 'SETSLOT', SLOT, 'IMPORTING', ids.get(DONOR) ?? '');
    await send(DONOR, 'CLUSTER', 'SETSLOT', SLOT, 'MIGRATING', ids.get(RECEIVER) ?? '');
    const ip = pods.find(({ name }) => name === RECEIVER)?.ip ?? '';
    await send(DONOR, 'MIGRATE', ip, 6379, `${key}:goes`, 0, 5_000);
    await mend('repair-slots');
    expect(losses(before, await cluster.live.keys())).toEqual([]);
  });

  test('all pods come back at once with new addresses: they meet again, and nothing is lost', async () => {
    const before = await cluster.live.keys();
    const { pods } = await cluster.live.look();
    await Promise.all(pods.map(({ name }) => cluster.namespace.deletePod(name)));
    const ips = new Set(pods.map(({ ip }) => ip));
    await untilNew(ips);
    const first = await apply();
    // Failovers that were under way when all went down may go on as soon as they see each other: then what is best placed differs.
    if (first.exitCode !== 0) expect(first.outputs).toMatchObject({ 'failure-reason': 'changed-meanwhile' });
    const run = await apply();
    expect([run.exitCode, run.exitCode === 0 ? '' : run.log]).toEqual([0, '']);
    await expectInSync();
    expect(losses(before, await cluster.live.keys())).toEqual([]);
  });

  test('slots that something else moves right now are left alone', async () => {
    const { members } = await cluster.live.look();
    const [donor, receiver] = members.filter((member) => member.slots.length > 0);
    const first = donor?.slots.at(-1)?.[0] ?? 0;
    const state = { isMoving: true };
    const somebody = async (): Promise<void> => {
      for (let slot = first; state.isMoving; slot += 1) {
        await send(receiver?.pod ?? '', 'CLUSTER', 'SETSLOT', slot, 'IMPORTING', donor?.id ?? '');
        await sleep(200);
        await send(receiver?.pod ?? '', 'CLUSTER', 'SETSLOT', slot + 1, 'IMPORTING', donor?.id ?? '');
        await send(receiver?.pod ?? '', 'CLUSTER', 'SETSLOT', slot, 'STABLE');
      }
    };
    const moving = somebody();
    const run = await apply();
    state.isMoving = false;
    await moving;
    expect(run.outputs).toMatchObject({ result: 'refused', 'failure-reason': 'cluster-unhealthy', changed: 'false' });
    expect(run.log).toContain('Something moves slots right now');
    await mend('repair-slots');
  });

  async function untilNew(old: ReadonlySet<string | null>): Promise<void> {
    for (const deadline = Date.now() + 120_000; Date.now() < deadline; await sleep(500)) {
      const pods = await cluster.live.pods();
      if (pods.length === 6 && pods.every(({ ip, ready }) => ready && !old.has(ip))) return;
    }
    throw new Error('The pods are not back within two minutes.');
  }
});
