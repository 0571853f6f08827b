import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { missingAllow } from '../../src/plan/dangers.ts';
import { steps } from '../../src/plan/plan.ts';
import { applyOn, type Ground, look, planOn } from '../support/apply.ts';
import { seedsOf } from '../support/cluster-client.ts';
import { digest, load, losses, primariesOf } from '../support/dataset.ts';
import { type LocalPlatform, startLocalPlatform } from '../support/local-platform.ts';
import { blocking, holdsForFailed, idsOf, slotsFrom } from '../support/members.ts';
import { NEWEST } from '../support/servers.ts';
import { topologyOf } from '../support/topology.ts';
import { startTraffic } from '../support/traffic.ts';

const ANYWHERE = { spreadBy: [], whenUnsatisfiable: 'warn' } as const;
const SIX = [0, 1, 2, 3, 4, 5].map((ordinal) => `redis-cluster-${ordinal}`);

describe.each([...NEWEST])('$name', (server) => {
  test('all pods come back with new addresses: they are introduced again, and nothing is forgotten or lost', async () => {
    await using platform = await formed(3, 1);
    await using redis = platform.redis();
    const servers = () => ({ pods: platform.pods(), redis });
    await load(servers(), { keys: 2_000 });
    const before = await digest({ pods: await primariesOf(servers()), redis });
    const ids = await idsOf(platform);
    for (const pod of SIX) await platform.kill(pod);
    for (const pod of SIX) await platform.restart(pod, { newPort: true });

    const ground: Ground = { kubernetes: platform.kubernetes, redis };
    const topology = topologyOf(platform.place, { shards: 3, replicas: 1 }, { placement: ANYWHERE });
    const plan = await planOn(ground, topology);
    expect([...new Set(steps(plan).map(({ kind }) => kind))]).toEqual(['repair-address']);
    await applyOn(ground, topology);

    expect(await idsOf(platform)).toEqual(ids);
    expect(blocking(await look(ground, topology))).toEqual([]);
    expect((await planOn(ground, topology)).stages).toEqual([]);
    expect(losses(before, await digest({ pods: await primariesOf(servers()), redis }))).toEqual([]);
    await using traffic = await startTraffic(seedsOf(platform));
    expect(await traffic.stop()).toMatchObject({ errors: 0, wrong: 0 });
  });

  test('a node that is gone for good is forgotten where that is allowed', async () => {
    await using platform = await formed(3, 1);
    await using redis = platform.redis();
    const ids = await idsOf(platform);
    // Its volume is lost with it: another node answers in its pod, which joins as the replica.
    await platform.kill('redis-cluster-4');
    await platform.loseVolume('redis-cluster-4');
    await platform.restart('redis-cluster-4', { newPort: true });
    const ground: Ground = { kubernetes: platform.kubernetes, redis };
    const topology = topologyOf(platform.place, { shards: 3, replicas: 1 }, { placement: ANYWHERE });
    await platform.until(
      ['redis-cluster-0', 'redis-cluster-1', 'redis-cluster-2'],
      holdsForFailed(ids.get('redis-cluster-4')),
    );

    const plan = await planOn(ground, topology);
    expect(steps(plan).map(({ kind }) => kind)).toEqual(['forget', 'join', 'replicate']);
    expect(missingAllow(plan, [])).toEqual(['forget-unknown-nodes']);
    await applyOn(ground, topology);
    expect(blocking(await look(ground, topology))).toEqual([]);
    expect((await planOn(ground, topology)).stages).toEqual([]);
  });

  test('a node of somebody else that lives among the members is left alone, and nothing is planned', async () => {
    await using platform = await formed(3, 0);
    await using other = await startLocalPlatform({ server, pods: 1 });
    await using redis = platform.redis();
    const port = other.port('redis-cluster-0');
    await platform.call('redis-cluster-0', ['CLUSTER', 'MEET', '127.0.0.1', port]);
    const three = ['redis-cluster-0', 'redis-cluster-1', 'redis-cluster-2'];
    const isKnown = (nodes: string): boolean => nodes.includes(`:${port}@`) && !nodes.includes('handshake');
    await platform.until(three, isKnown);
    const ground: Ground = { kubernetes: platform.kubernetes, redis };
    const topology = topologyOf(platform.place, { shards: 2, replicas: 0 }, { placement: ANYWHERE });
    await expect(planOn(ground, topology)).rejects.toMatchObject({
      code: 'unknown-nodes',
      remedy: expect.stringContaining('It is alive'),
    });
    await platform.until(three, isKnown);
  });

  test('a primary whose data is lost with it is forgotten, and its slots serve again, where both are allowed', async () => {
    await using platform = await formed(4, 0);
    await using redis = platform.redis();
    const servers = () => ({ pods: platform.pods(), redis });
    await load(servers(), { keys: 2_000 });
    const ids = await idsOf(platform);
    await platform.kill('redis-cluster-3');
    await platform.loseVolume('redis-cluster-3');
    await platform.restart('redis-cluster-3', { newPort: true });
    const ground: Ground = { kubernetes: platform.kubernetes, redis };
    const topology = topologyOf(platform.place, { shards: 4, replicas: 0 }, { placement: ANYWHERE });
    await platform.until(
      ['redis-cluster-0', 'redis-cluster-1', 'redis-cluster-2'],
      holdsForFailed(ids.get('redis-cluster-3')),
    );

    const plan = await planOn(ground, topology);
    expect(steps(plan)).toEqual([
      { kind: 'forget', node: ids.get('redis-cluster-3') },
      { kind: 'join', pod: 'redis-cluster-3' },
      { kind: 'assign-slots', pod: 'redis-cluster-3', slots: '12288-16383', count: 4_096 },
    ]);
    expect(missingAllow(plan, [])).toEqual(['forget-unknown-nodes', 'assign-lost-slots']);
    await applyOn(ground, topology);
    expect(blocking(await look(ground, topology))).toEqual([]);
    expect((await planOn(ground, topology)).stages).toEqual([]);
  });

  test('two of three primaries whose data is lost with them are forgotten, though none is left to vote', async () => {
    await using platform = await formed(3, 0);
    await using redis = platform.redis();
    const ids = await idsOf(platform);
    const lost = ['redis-cluster-1', 'redis-cluster-2'];
    for (const pod of lost) {
      await platform.kill(pod);
      await platform.loseVolume(pod);
      await platform.restart(pod, { newPort: true });
    }
    const isSuspected = (nodes: string): boolean => (nodes.match(/[ ,]fail[?]/g) ?? []).length === lost.length;
    await platform.until(['redis-cluster-0'], isSuspected);
    const ground: Ground = { kubernetes: platform.kubernetes, redis };
    const topology = topologyOf(platform.place, { shards: 3, replicas: 0 }, { placement: ANYWHERE });
    const plan = await planOn(ground, topology);
    const forgotten = steps(plan).flatMap((step) => (step.kind === 'forget' ? [step.node] : []));
    expect(new Set(forgotten)).toEqual(new Set(lost.map((pod) => ids.get(pod))));
    expect(missingAllow(plan, [])).toEqual(['forget-unknown-nodes', 'assign-lost-slots']);
    await applyOn(ground, topology);
    expect(blocking(await look(ground, topology))).toEqual([]);
    expect((await planOn(ground, topology)).stages).toEqual([]);
  });

  test.each([
    ['joined anew without', false],
    ['joined anew where a run was killed that had reset it', true],
  ])(
    'a server that comes back on an old volume and finds nobody is refused with keys, and %s',
    async (_end, isReset) => {
      // Where none is announced, a server says the address of its file.
      await using platform = await formed(4, 0, { 'cluster-announce-ip': '""' });
      await using redis = platform.redis();
      const id = (await idsOf(platform)).get('redis-cluster-3') ?? '';
      await platform.call('redis-cluster-3', ['SET', 'a', 'old']);
      const folder = String(await platform.call('redis-cluster-3', ['CONFIG', 'GET', 'dir'])).replace('dir,', '');
      await platform.kill('redis-cluster-3');
      await sayFormerAddress(join(folder, 'nodes.conf'));
      const left = ['redis-cluster-0', 'redis-cluster-1', 'redis-cluster-2'];
      await platform.until(left, holdsForFailed(id));
      for (const pod of left) await platform.call(pod, ['CLUSTER', 'FORGET', id]);
      await platform.call('redis-cluster-0', ['CLUSTER', 'ADDSLOTS', ...slotsFrom(12_288)]);
      await platform.call('redis-cluster-0', ['CLUSTER', 'BUMPEPOCH']);
      for (const pod of left) await platform.restart(pod, { newPort: true });
      const [first = '', ...others] = left;
      for (const pod of others) await platform.call(first, ['CLUSTER', 'MEET', '127.0.0.1', platform.port(pod)]);
      await platform.untilInfo(left, 'CLUSTER', /cluster_state:ok/);
      await platform.restart('redis-cluster-3');

      const ground: Ground = { kubernetes: platform.kubernetes, redis };
      const topology = topologyOf(platform.place, { shards: 4, replicas: 0 }, { placement: ANYWHERE });
      await expect(planOn(ground, topology)).rejects.toMatchObject({
        code: 'cluster-unhealthy',
        details: expect.arrayContaining([expect.stringContaining('came back on an old volume, and has 1 key')]),
      });
      await platform.call('redis-cluster-3', ['FLUSHALL']);
      if (isReset) await platform.call('redis-cluster-3', ['CLUSTER', 'RESET', 'HARD']);
      // Those who stayed are at new addresses too, of which some may not have heard yet.
      const kinds = steps(await planOn(ground, topology)).map(({ kind }) => kind);
      expect(kinds.filter((kind) => kind !== 'repair-address')).toEqual(['join', 'move-slots']);
      await applyOn(ground, topology);
      expect(blocking(await look(ground, topology))).toEqual([]);
      expect((await planOn(ground, topology)).stages).toEqual([]);
    },
  );

  async function formed(
    shards: number,
    replicas: number,
    config: Readonly<Record<string, string>> = {},
  ): Promise<LocalPlatform> {
    const platform = await startLocalPlatform({ server, pods: shards * (1 + replicas), appendOnly: true, config });
    await platform.form({ shards, replicas });
    return platform;
  }
});

/** As a pod that has got another IP since: RESET HARD leaves that which the file says. */
async function sayFormerAddress(file: string): Promise<void> {
  const lines = (await readFile(file, 'utf8')).split('\n');
  const moved = lines.map((line) => (/\bmyself\b/.test(line) ? line.replace('127.0.0.1:', '192.0.2.1:') : line));
  expect(moved).not.toEqual(lines);
  await writeFile(file, moved.join('\n'));
}
