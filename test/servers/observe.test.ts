import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { systemClock } from '../../src/adapters/process/clock.ts';
import { type Cluster, memberOf, slotOwners } from '../../src/core/cluster.ts';
import { print } from '../../src/core/slots.ts';
import { observe, observeSettled } from '../../src/engine/observe.ts';
import { makePlan } from '../../src/plan/make-plan.ts';
import { type LocalPlatform, startLocalPlatform } from '../support/local-platform.ts';
import { REPRESENTATIVES } from '../support/servers.ts';
import { topologyOf } from '../support/topology.ts';

const { signal } = new AbortController();

async function look(platform: LocalPlatform): Promise<Cluster> {
  await using redis = platform.redis();
  const topology = topologyOf(platform.place, { shards: 3, replicas: 1 });
  return await observe(topology, { kubernetes: platform.kubernetes, redis }, { manifests: null, signal });
}

async function lookSettled(platform: LocalPlatform): Promise<Cluster> {
  await using redis = platform.redis();
  const topology = topologyOf(platform.place, { shards: 3, replicas: 1 });
  const ports = { kubernetes: platform.kubernetes, redis, clock: systemClock };
  return await observeSettled(topology, ports, { manifests: null, signal });
}

function codes(cluster: Cluster): string[] {
  return cluster.findings.map((finding) => finding.code);
}

async function saved(platform: LocalPlatform, status: 'ok' | 'err'): Promise<void> {
  await platform.call('redis-cluster-0', ['BGSAVE']);
  await platform.untilInfo(['redis-cluster-0'], 'PERSISTENCE', new RegExp(`rdb_last_bgsave_status:${status}`));
}

async function idOf(platform: LocalPlatform, pod: string): Promise<string> {
  return String(await platform.call(pod, ['CLUSTER', 'MYID']));
}

describe.each([...REPRESENTATIVES])('a cluster of three shards with a replica each, on $name', (server) => {
  let platform: LocalPlatform;

  beforeAll(async () => {
    platform = await startLocalPlatform({ server, pods: 6, password: 'a password', nodeTimeout: 2_000 });
    await platform.form({ shards: 3, replicas: 1 });
  });

  afterAll(async () => {
    await platform[Symbol.asyncDispose]();
  });

  test('is seen as formed: owners, replicas, addresses, and nothing in the way', async () => {
    const cluster = await lookSettled(platform);
    expect(codes(cluster)).toEqual(['no-persistence']);
    expect(slotOwners(cluster).map((member) => [member.pod, print(member.slots)])).toEqual([
      ['redis-cluster-0', '0-5460'],
      ['redis-cluster-1', '5461-10922'],
      ['redis-cluster-2', '10923-16383'],
    ]);
    expect(cluster.members.map((member) => member.primary)).toEqual([
      null,
      null,
      null,
      'redis-cluster-0',
      'redis-cluster-1',
      'redis-cluster-2',
    ]);
    for (const member of cluster.members) {
      const port = platform.port(member.pod);
      expect(member).toMatchObject({ joined: true, synced: true });
      expect(member.facts).toMatchObject({ address: `127.0.0.1:${port}@${port + 10_000}`, persistent: false });
      expect(`${member.facts.software}-${member.facts.version}`.startsWith(server.name)).toBe(true);
    }
    expect(cluster.workload?.replicas).toBe(6);
    // The zone is shown to people though this topology spreads by host alone.
    expect(cluster.pods[4]?.domains).toEqual({
      'kubernetes.io/hostname': 'node-2',
      'topology.kubernetes.io/zone': 'zone-b',
    });
  });

  test('open slots are seen on the lines of the nodes that mark them', async () => {
    const [zero, one] = await Promise.all(['redis-cluster-0', 'redis-cluster-1'].map((pod) => idOf(platform, pod)));
    await platform.call('redis-cluster-1', ['CLUSTER', 'SETSLOT', 7, 'IMPORTING', zero ?? '']);
    await platform.call('redis-cluster-0', ['CLUSTER', 'SETSLOT', 7, 'MIGRATING', one ?? '']);
    try {
      const cluster = await look(platform);
      expect(codes(cluster)).toContain('open-slots');
      expect(memberOf(cluster, 'redis-cluster-0')?.open).toEqual([
        { slot: 7, state: 'migrating', peer: 'redis-cluster-1' },
      ]);
      expect(memberOf(cluster, 'redis-cluster-1')?.open).toEqual([
        { slot: 7, state: 'importing', peer: 'redis-cluster-0' },
      ]);
    } finally {
      await platform.call('redis-cluster-0', ['CLUSTER', 'SETSLOT', 7, 'STABLE']);
      await platform.call('redis-cluster-1', ['CLUSTER', 'SETSLOT', 7, 'STABLE']);
    }
    expect(codes(await lookSettled(platform))).toEqual(['no-persistence']);
  });

  test('a replica that cannot log in to its primary is told why, until it is told the password', async () => {
    await platform.call('redis-cluster-3', ['CONFIG', 'SET', 'masterauth', '']);
    await platform.call('redis-cluster-0', ['CLIENT', 'KILL', 'TYPE', 'replica']);
    await platform.untilInfo(['redis-cluster-3'], 'REPLICATION', /master_link_status:down/);
    try {
      const { findings } = await look(platform);
      expect(findings.find(({ code }) => code === 'replica-not-synced')?.text).toContain('has no `masterauth`');
    } finally {
      await platform.call('redis-cluster-3', ['CONFIG', 'SET', 'masterauth', 'a password']);
    }
    await platform.untilInfo(['redis-cluster-3'], 'REPLICATION', /master_link_status:up/);
    expect(codes(await lookSettled(platform))).toEqual(['no-persistence']);
  });

  test('a primary that takes no writes is told, and as few replicas as that are refused', async () => {
    const setting = (name: string, value: string) => platform.call('redis-cluster-0', ['CONFIG', 'SET', name, value]);
    const writing = () => platform.call('redis-cluster-0', ['SET', 'key:0', 'value']);
    const refused = async () => (await look(platform)).findings.find(({ code }) => code === 'writes-refused');
    await setting('min-replicas-to-write', '2');
    try {
      await expect(writing()).rejects.toThrow('NOREPLICAS');
      expect(await refused()).toMatchObject({ weight: 'differs', pods: ['redis-cluster-0'], about: 'replicas' });
      const planned = makePlan(topologyOf(platform.place, { shards: 3, replicas: 1 }), await look(platform));
      expect(planned).toMatchObject({ kind: 'refused', failure: { code: 'too-few-replicas' } });
    } finally {
      await setting('min-replicas-to-write', '0');
    }

    // What cannot be replaced: a full disk for this one file.
    const file = join(platform.folder, 'data-redis-cluster-0', 'dump.rdb');
    await mkdir(file);
    await setting('save', '3600 1');
    try {
      await saved(platform, 'err');
      await expect(writing()).rejects.toThrow('MISCONF');
      expect(await refused()).toMatchObject({ weight: 'differs', pods: ['redis-cluster-0'], about: 'disk' });
    } finally {
      await rm(file, { recursive: true });
      await saved(platform, 'ok');
      await setting('save', '');
    }
    expect(codes(await lookSettled(platform))).toEqual(['no-persistence']);
  });

  test('a node that was told to meet an address where nobody is is told, until it gives up', async () => {
    await platform.call('redis-cluster-0', ['CLUSTER', 'MEET', '127.0.0.2', platform.port('redis-cluster-0')]);
    const met = (await look(platform)).findings.find(({ code }) => code === 'meet-unanswered');
    expect(met).toMatchObject({ weight: 'note', pods: ['redis-cluster-0'] });
    await platform.until(['redis-cluster-0'], (nodes) => !nodes.includes('handshake'));
    expect(codes(await look(platform))).toEqual(['no-persistence']);
  });

  test('blank nodes with keys, strangers, ghosts and silent nodes are told apart', async () => {
    await platform.scale(8);
    const blank = await lookSettled(platform);
    expect(codes(blank)).toEqual(['no-persistence']);
    expect(blank.members.map((member) => member.joined)).toEqual([...Array(6).fill(true), false, false]);

    await platform.call('redis-cluster-0', ['CLUSTER', 'MEET', '127.0.0.1', platform.port('redis-cluster-6')]);
    const names = Array.from({ length: 7 }, (_, n) => `redis-cluster-${n}`);
    await platform.until(names, (nodes) => nodes.trim().split('\n').length === 7 && !nodes.includes('handshake'));
    expect(memberOf(await lookSettled(platform), 'redis-cluster-6')).toMatchObject({ joined: true, slots: [] });

    const old = await idOf(platform, 'redis-cluster-6');
    await platform.call('redis-cluster-6', ['CLUSTER', 'RESET', 'HARD']);
    const ghost = await look(platform);
    expect(codes(ghost)).toContain('unknown-node');
    expect(ghost.strangers).toMatchObject([{ id: old, ghostOf: 'redis-cluster-6', slots: [] }]);
    expect(memberOf(ghost, 'redis-cluster-6')).toMatchObject({ joined: false });

    await platform.scale(6);
    const gone = await look(platform);
    expect(gone.strangers).toMatchObject([{ id: old }]);
    expect(gone.strangers[0]?.ghostOf).toBeUndefined();
    expect(codes(gone)).toContain('volume-left-over');
    for (const pod of names.slice(0, 6)) await platform.call(pod, ['CLUSTER', 'FORGET', old]);
    expect((await lookSettled(platform)).strangers).toEqual([]);
  });

  test('a node that is stopped is silent, and a pod that is gone is not ready', async () => {
    platform.stop('redis-cluster-4');
    await platform.kill('redis-cluster-5');
    try {
      const cluster = await look(platform);
      expect(codes(cluster)).toEqual(expect.arrayContaining(['pod-not-ready', 'pod-silent', 'node-failing']));
      const silent = cluster.findings.find((finding) => finding.code === 'pod-silent');
      expect(silent).toMatchObject({ weight: 'blocks', pods: ['redis-cluster-4'] });
      expect(cluster.members.map((member) => member.pod)).toEqual([0, 1, 2, 3].map((n) => `redis-cluster-${n}`));
      expect(cluster.strangers).toEqual([]);
    } finally {
      platform.resume('redis-cluster-4');
      await platform.restart('redis-cluster-5');
    }
  });
});

describe.each([...REPRESENTATIVES])('what cannot be looked at, on $name', (server) => {
  test('servers without cluster mode are told', async () => {
    await using platform = await startLocalPlatform({ server, pods: 2, config: { 'cluster-enabled': 'no' } });
    const cluster = await look(platform);
    expect(cluster.findings).toMatchObject([
      { code: 'not-cluster-mode', weight: 'blocks', pods: ['redis-cluster-0', 'redis-cluster-1'] },
    ]);
    expect(cluster.members).toEqual([]);
  });

  test('a user who may not ask is told which command was refused', async () => {
    await using platform = await startLocalPlatform({ server, pods: 2 });
    for (const pod of ['redis-cluster-0', 'redis-cluster-1']) {
      await platform.call(pod, ['ACL', 'SETUSER', 'reader', 'on', '>secret', '+ping', '+info']);
    }
    await using redis = platform.redis({ username: 'reader', password: 'secret' });
    const topology = topologyOf(platform.place, { shards: 2, replicas: 0 });
    const looking = observe(topology, { kubernetes: platform.kubernetes, redis }, { manifests: null, signal });
    await expect(looking).rejects.toMatchObject({
      code: 'redis-permission',
      message: expect.stringContaining('CLUSTER NODES'),
    });
  });

  test('a blank node that starts on the data of another cluster stands in the way', async () => {
    await using platform = await startLocalPlatform({ server, pods: 2, appendOnly: true });
    for (const pod of ['redis-cluster-0', 'redis-cluster-1']) {
      await platform.call(pod, ['CLUSTER', 'ADDSLOTS', ...Array.from({ length: 16_384 }, (_, slot) => slot)]);
    }
    await platform.until(['redis-cluster-1'], (nodes) => nodes.includes('0-16383'));
    await platform.untilInfo(['redis-cluster-1'], 'CLUSTER', /cluster_state:ok/);
    await platform.call('redis-cluster-1', ['SET', 'key', 'of another cluster']);
    await platform.kill('redis-cluster-1');
    await rm(join(platform.folder, 'data-redis-cluster-1', 'nodes.conf'));
    await platform.restart('redis-cluster-1');
    const cluster = await look(platform);
    const blocking = cluster.findings.filter((finding) => finding.weight === 'blocks');
    expect(blocking.flatMap((finding) => finding.pods)).toContain('redis-cluster-1');
    expect(memberOf(cluster, 'redis-cluster-1')?.facts.persistent).toBe(true);
  });
});

test('where no pod answers, nothing was looked at', async () => {
  await using platform = await startLocalPlatform({ pods: 2 });
  for (const pod of platform.pods()) platform.stop(pod.name);
  await expect(look(platform)).rejects.toMatchObject({
    code: 'redis-unreachable',
    details: [expect.stringContaining('redis-cluster-0'), expect.stringContaining('redis-cluster-1')],
  });
});

test('a StatefulSet that does not exist is an empty cluster', async () => {
  await using platform = await startLocalPlatform({ pods: null });
  expect(await look(platform)).toMatchObject({ workload: null, pods: [], members: [], findings: [] });
});
