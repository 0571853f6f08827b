import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { tunnelDial } from '../../../src/adapters/redis/dial.ts';
import { createRedis } from '../../../src/adapters/redis/redis.ts';
import { slotOwners } from '../../../src/core/cluster.ts';
import { Failure } from '../../../src/core/failure.ts';
import { applyOn, type Ground, look, planOn } from '../../support/apply.ts';
import { type Certificates, newCertificates, SERVER_NAME } from '../../support/certificates.ts';
import { differences, digest, loadEveryType, primariesOf } from '../../support/dataset.ts';
import { describeOn } from '../../support/describe-on.ts';
import { type LocalPlatform, startLocalPlatform } from '../../support/local-platform.ts';
import type { LocalPlatformOptions } from '../../support/local-platform-options.ts';
import { knows, NEWEST, type ServerProgram } from '../../support/servers.ts';
import { topologyOf } from '../../support/topology.ts';

const OLD = 'the old word';
const NEW = 'the new word';

const WAYS: readonly (readonly [string, Pick<LocalPlatformOptions, 'password' | 'username'>])[] = [
  ['no password', {}],
  ['requirepass and masterauth', { password: OLD }],
  ['a user by name, the user `default` off', { password: 'secret', username: 'operator' }],
];

describe.each([...NEWEST])('$name is reached', (server) => {
  test.each(WAYS)('with %s: directly and through a stream', async (_way, options) => {
    await createAndGrow(server, options);
  });

  test('with TLS where it has none: refused in words', async () => {
    await using platform = await startLocalPlatform({ server, pods: 1 });
    await using redis = createRedis({ credentials: {}, tls: {}, dial: platform.dial });
    const planning = planOn({ kubernetes: platform.kubernetes, redis }, oneShard(platform));
    await expect(planning).rejects.toMatchObject({
      code: 'redis-unreachable',
      remedy: expect.stringContaining('`redis-tls`'),
    });
  });

  test('with the password of before, which was changed during apply: refused in words, and with the new one it goes on', async () => {
    await using platform = await startLocalPlatform({ server, pods: 4, password: OLD });
    await using redis = platform.redis();
    await platform.form({ shards: 3, replicas: 0 });
    const ground: Ground = { kubernetes: platform.kubernetes, redis };
    await loadEveryType({ pods: platform.pods(), redis });
    const before = await digest({ pods: platform.pods(), redis });
    const topology = topologyOf(platform.place, { shards: 4, replicas: 0 });
    let isChanged = false;
    const changing = applyOn(ground, topology, {
      journal: {
        stage: async (_number, planned, work) => {
          if (planned.some(({ step }) => step.kind === 'move-slots')) await changePassword(platform);
          isChanged = planned.some(({ step }) => step.kind === 'move-slots');
          return work();
        },
        tell: () => undefined,
      },
    });
    const thrown = await changing.catch((reason: unknown) => reason);
    expect(isChanged).toBe(true);
    expect(thrown).toBeInstanceOf(Failure);
    expect(thrown).toMatchObject({ code: 'redis-auth', remedy: expect.stringContaining('`redis-password`') });
    expect(String(thrown)).not.toMatch(`${OLD}|${NEW}`);

    await using renewed = platform.redis({ password: NEW });
    const now: Ground = { kubernetes: platform.kubernetes, redis: renewed };
    await applyOn(now, topology);
    expect(slotOwners(await look(now, topology))).toHaveLength(4);
    expect(differences(before, await digest({ pods: platform.pods(), redis: renewed }))).toEqual([]);
  });
});

// A server may be built without TLS: docs/compatibility.md says which.
describeOn(NEWEST.filter((server) => knows(server, 'tls-port 0')))('$name is reached', (server) => {
  let tls: Certificates;

  beforeAll(async () => {
    tls = await newCertificates();
  });

  afterAll(async () => {
    await tls[Symbol.asyncDispose]();
  });

  test('with mutual TLS by an own authority and a server name, on the client port, on the bus and for replication', async () => {
    await createAndGrow(server, { tls, password: OLD });
  });

  test('without TLS, on a port beside that which servers use among themselves', async () => {
    await createAndGrow(server, { tls, tlsFor: 'servers' }, { migration: { method: 'classic', maxLatency: 20 } });
  });

  test('with TLS, where servers speak without it among themselves, on a port beside', async () => {
    await createAndGrow(server, { tls, tlsFor: 'clients' }, { migration: { method: 'classic', maxLatency: 20 } });
  });

  test('with TLS and a wrong name or authority: refused in words that name the input', async () => {
    await using platform = await startLocalPlatform({ server, pods: 1, tls });
    const { serverName: _, ...nameless } = tls.client;
    for (const [options, input] of [
      [nameless, 'redis-server-name'],
      [{ ...tls.client, serverName: 'another.svc' }, 'redis-server-name'],
      [{ serverName: SERVER_NAME }, 'redis-ca'],
    ] as const) {
      await using redis = createRedis({ credentials: {}, tls: options, dial: platform.dial });
      const planning = planOn({ kubernetes: platform.kubernetes, redis }, oneShard(platform));
      await expect(planning).rejects.toMatchObject({
        code: 'redis-unreachable',
        message: expect.stringContaining(`with \`${input}\``),
      });
    }
  });

  test('without TLS where it listens with TLS only: refused in words', async () => {
    await using platform = await startLocalPlatform({ server, pods: 1, tls });
    await using redis = createRedis({ credentials: {}, tls: null, dial: platform.dial });
    const planning = planOn({ kubernetes: platform.kubernetes, redis }, oneShard(platform));
    await expect(planning).rejects.toMatchObject({
      code: 'redis-unreachable',
      remedy: expect.stringContaining('`redis-tls`'),
    });
  });
});

/** Makes a cluster over connections of its own, lets it grow over streams that somebody else opened, and compares the keys. */
async function createAndGrow(
  server: ServerProgram,
  options: Pick<LocalPlatformOptions, 'password' | 'username' | 'tls' | 'tlsFor'>,
  settings: Parameters<typeof topologyOf>[2] = {},
): Promise<void> {
  await using platform = await startLocalPlatform({ ...options, server, pods: 4 });
  await using direct = platform.redis();
  const topology = topologyOf(platform.place, { shards: 2, replicas: 1 });
  await applyOn({ kubernetes: platform.kubernetes, redis: direct }, topology);
  const servers = { pods: platform.pods(), redis: direct };
  await loadEveryType(servers);
  const before = await digest({ ...servers, pods: await primariesOf(servers) });

  await using streamed = throughStreams(platform);
  const ground: Ground = { kubernetes: platform.kubernetes, redis: streamed };
  const larger = topologyOf(platform.place, { shards: 3, replicas: 1 }, settings);
  await applyOn(ground, larger);
  expect((await planOn(ground, larger)).stages).toEqual([]);
  const cluster = await look(ground, larger);
  expect(cluster.members.filter(({ role, synced }) => role === 'replica' && synced)).toHaveLength(3);
  const now = { pods: platform.pods(), redis: streamed };
  expect(differences(before, await digest({ ...now, pods: await primariesOf(now) }))).toEqual([]);
}

function oneShard(platform: LocalPlatform) {
  return topologyOf(platform.place, { shards: 1, replicas: 0 });
}

/** As through the API server: the client is given streams and knows no address. */
function throughStreams(platform: LocalPlatform) {
  const dial = tunnelDial(async (pod) => connect({ host: '127.0.0.1', port: platform.port(pod.name) }));
  return platform.redis(undefined, dial);
}

/** On every server, as people do it: what has logged in stays. */
async function changePassword(platform: LocalPlatform): Promise<void> {
  const pods = platform.pods().map(({ name }) => name);
  await Promise.all(pods.map((pod) => platform.call(pod, ['CONFIG', 'SET', 'masterauth', NEW])));
  await Promise.all(pods.map((pod) => platform.call(pod, ['CONFIG', 'SET', 'requirepass', NEW])));
}
