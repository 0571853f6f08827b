import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { autoDial } from '../../src/adapters/redis/dial.ts';
import { identityByCounting } from '../../src/adapters/redis/identity.ts';
import type { Credentials } from '../../src/adapters/redis/log-in.ts';
import { createRedis } from '../../src/adapters/redis/redis.ts';
import type { Pod } from '../../src/core/cluster.ts';
import type { Redis } from '../../src/ports/redis.ts';
import { type LocalPlatform, startLocalPlatform } from '../support/local-platform.ts';
import { freePort } from '../support/local-server.ts';
import { SERVERS } from '../support/servers.ts';
import { lead } from '../support/tcp-link.ts';

const { signal } = new AbortController();
const SECRET = 'a-very-secret-word';

interface Listener extends AsyncDisposable {
  readonly port: number;
  /** All that it was sent. */
  heard(): string;
}

/** Listens in place of a server: leads on to one, with another address of the client as behind NAT, or answers nothing. */
async function listen(server: number | null): Promise<Listener> {
  const chunks: Buffer[] = [];
  const sockets: Socket[] = [];
  const listener = createServer((socket) => {
    sockets.push(socket.on('data', (chunk) => chunks.push(chunk)).on('error', () => socket.destroy()));
    if (server !== null) lead(socket, { host: '127.0.0.1', port: server });
  });
  const port = await freePort();
  listener.listen(port, '127.0.0.1');
  await once(listener, 'listening');
  return {
    port,
    heard: () => Buffer.concat(chunks).toString(),
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      listener.close();
    },
  };
}

/** Which node answers where the pod is asked. */
async function idOf(redis: Redis, pod: Pod): Promise<string> {
  const connection = await redis.connection(pod, { signal });
  const [id] = await connection.send([['CLUSTER', 'MYID']], { signal });
  return String(id?.ok ? id.value : id?.error);
}

describe.each([...SERVERS])('with `connect: auto` and $name', (server) => {
  let platform: LocalPlatform;

  beforeAll(async () => {
    platform = await startLocalPlatform({ server, pods: 2, password: SECRET });
  });

  afterAll(async () => {
    await platform[Symbol.asyncDispose]();
  });

  const pod = (n = 0) => platform.pod(`redis-cluster-${n}`);
  const ownId = async (n = 0) => String(await platform.call(`redis-cluster-${n}`, ['CLUSTER', 'MYID']));
  const opened: string[] = [];
  beforeEach(() => {
    opened.length = 0;
  });

  const open = async (to: { readonly name: string }) => {
    opened.push(to.name);
    return connect({ host: '127.0.0.1', port: platform.port(to.name) });
  };
  const auto = (at: number, credentials: Credentials = { password: SECRET }, patience = 5_000) => {
    const dial = autoDial(at, open, identityByCounting(open, credentials), patience);
    return createRedis({ credentials, tls: null, dial });
  };

  test("the server at a pod's IP is asked directly once it has counted what only that address was sent", async () => {
    await using way = await listen(platform.port('redis-cluster-0'));
    await using redis = auto(way.port);
    expect(await idOf(redis, pod())).toBe(await ownId());
    await using further = await redis.open(pod(), { signal });
    expect(await further.send([['PING']], { signal })).toMatchObject([{ ok: true }]);
    expect(opened).toEqual(['redis-cluster-0']);
    expect(way.heard()).toContain(SECRET);
  });

  test('a right to INFO is enough for that', async () => {
    const rights = ['on', `>${SECRET}`, '-@all', '+ping', '+info'];
    await platform.call('redis-cluster-0', ['ACL', 'SETUSER', 'informed', ...rights]);
    await using way = await listen(platform.port('redis-cluster-0'));
    await using redis = auto(way.port, { username: 'informed', password: SECRET });
    await redis.connection(pod(), { signal });
    expect(way.heard()).toContain(SECRET);
  });

  test("a foreign server at a pod's IP is not taken for the pod's, and gets no password", async () => {
    await using foreign = await listen(platform.port('redis-cluster-1'));
    await using redis = auto(foreign.port);
    expect(await idOf(redis, pod())).toBe(await ownId());
    expect(foreign.heard()).toContain('READWRITE');
    expect(foreign.heard()).not.toMatch(new RegExp(`auth|hello|${SECRET}`, 'i'));
  });

  test('a listener that answers nothing gets no password, and the pod is asked through the API server', async () => {
    await using silent = await listen(null);
    await using redis = auto(silent.port, { password: SECRET }, 200);
    expect(await idOf(redis, pod())).toBe(await ownId());
    expect(silent.heard()).toMatch(/^\*1\r\n\$4\r\nping\r\n$/i);
  });

  test('an address that answers nothing says little: the first pod that answers decides for all', async () => {
    await using redis = auto(await freePort());
    for (const n of [0, 1]) expect(await idOf(redis, pod(n))).toBe(await ownId(n));
    expect(opened).toEqual(['redis-cluster-0', 'redis-cluster-1']);
  });
});
