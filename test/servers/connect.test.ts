import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { autoDial, tunnelDial } from '../../src/adapters/redis/dial.ts';
import { identityByCertificate, identityByCounting } from '../../src/adapters/redis/identity.ts';
import { createRedis } from '../../src/adapters/redis/redis.ts';
import { type Command, CREDENTIALS } from '../../src/ports/redis.ts';
import { makeCertificates } from '../support/certificates.ts';
import { describeOn } from '../support/describe-on.ts';
import { type LocalPlatform, startLocalPlatform } from '../support/local-platform.ts';
import { freePort } from '../support/local-server.ts';
import { knows, SERVERS } from '../support/servers.ts';

const { signal } = new AbortController();
const SECRET = 'a-very-secret-word';

async function thrownBy(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
  } catch (thrown) {
    return thrown;
  }
  throw new Error('Nothing was thrown.');
}

describe.each([...SERVERS])('connections to $name', (server) => {
  let platform: LocalPlatform;

  beforeAll(async () => {
    platform = await startLocalPlatform({ server, pods: 2, password: SECRET });
    await platform.form({ shards: 2, replicas: 0 });
  });

  afterAll(async () => {
    await platform[Symbol.asyncDispose]();
  });

  const pod = (n = 0) => platform.pod(`redis-cluster-${n}`);

  test('answers come in order, errors of the server among them', async () => {
    await using redis = platform.redis();
    const connection = await redis.connection(pod(), { signal });
    const answers = await connection.send(
      [['PING'], ['NOSUCH'], ['ECHO', Buffer.from([0, 255])], ['CLUSTER', 'MYID']],
      {
        signal,
      },
    );
    expect(answers).toMatchObject([
      { ok: true },
      { ok: false, error: expect.stringContaining('unknown command') },
      { ok: true, value: Buffer.from([0, 255]) },
      { ok: true },
    ]);
    expect(String(answers[0]?.ok ? answers[0].value : '')).toBe('PONG');
  });

  test('replies keep the form of RESP2', async () => {
    await using redis = platform.redis();
    const connection = await redis.connection(pod(), { signal });
    const [reply] = await connection.send([['CONFIG', 'GET', 'maxmemory']], { signal });
    expect(reply).toEqual({ ok: true, value: [Buffer.from('maxmemory'), Buffer.from('0')] });
  });

  test('a connection is shared until it is lost, then made anew', async () => {
    await using redis = platform.redis();
    const [first, second] = await Promise.all([
      redis.connection(pod(), { signal }),
      redis.connection(pod(), { signal }),
    ]);
    expect(first).toBe(second);
    await using own = await redis.open(pod(), { signal });
    expect(own).not.toBe(first);
    await platform.call('redis-cluster-0', ['CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes']);
    const thrown = await thrownBy(first.send([['CLUSTER', 'INFO']], { signal }));
    expect(thrown).toMatchObject({ code: 'redis-unreachable', message: expect.stringContaining('CLUSTER INFO') });
    const third = await redis.connection(pod(), { signal });
    expect(await third.send([['PING']], { signal })).toMatchObject([{ ok: true }]);
  });

  test('whoever forgets a connection of its own leaves none open in the end', async () => {
    const redis = platform.redis();
    const forgotten = await redis.open(pod(), { signal });
    await redis[Symbol.asyncDispose]();
    expect(await thrownBy(forgotten.send([['PING']], { signal }))).toMatchObject({ code: 'redis-unreachable' });
  });

  test.each([
    ['a wrong password', { password: 'wrong' }],
    ['a wrong user', { username: 'nobody', password: SECRET }],
    ['no password', {}],
  ])('%s is refused in words', async (_name, credentials) => {
    await using redis = platform.redis(credentials);
    const thrown = await thrownBy(redis.connection(pod(), { signal }));
    expect(thrown).toMatchObject({ code: 'redis-auth', message: expect.stringContaining('redis-cluster-0') });
  });

  test('a user logs in by name, and what it may not do is an answer', async () => {
    await platform.call('redis-cluster-0', ['ACL', 'SETUSER', 'reader', 'on', `>${SECRET}`, '+info']);
    await using redis = platform.redis({ username: 'reader', password: SECRET });
    const connection = await redis.connection(pod(), { signal });
    const answers = await connection.send(
      [
        ['INFO', 'server'],
        ['CLUSTER', 'NODES'],
      ],
      { signal },
    );
    expect(answers).toMatchObject([{ ok: true }, { ok: false, error: expect.stringMatching(/^NOPERM/) }]);
  });

  test('MIGRATE gets what it needs to log in, and no error shows it', async () => {
    await using redis = platform.redis();
    const connection = await redis.connection(pod(), { signal });
    const migrate: Command = [
      'MIGRATE',
      '127.0.0.1',
      platform.port('redis-cluster-1'),
      '',
      0,
      100,
      CREDENTIALS,
      'KEYS',
      '{b}none',
    ];
    const [answer] = await connection.send([migrate], { signal });
    expect(String(answer?.ok ? answer.value : answer?.error)).toBe('NOKEY');
    const [refused] = await connection.send([['ECHO', CREDENTIALS, 'x']], { signal });
    expect(refused).toMatchObject({ ok: false });
    const [unknown] = await connection.send([['MIGRATED', CREDENTIALS]], { signal });
    expect(unknown).toEqual({ ok: false, error: expect.stringMatching(/unknown command .MIGRATED.$/) });
    await platform.call('redis-cluster-0', ['CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes']);
    const lost = await thrownBy(connection.send([migrate], { signal }));
    expect(inspect([refused, unknown, lost, redis, connection], { depth: 20, showHidden: true })).not.toContain(SECRET);
  });

  test('a server that is stopped is given up after the deadline', async () => {
    await using redis = platform.redis();
    const connection = await redis.connection(pod(1), { signal });
    platform.stop('redis-cluster-1');
    try {
      const thrown = await thrownBy(connection.send([['PING']], { signal, timeout: 200 }));
      expect(thrown).toMatchObject({ code: 'redis-unreachable', message: expect.stringContaining('within 0.2 s') });
    } finally {
      platform.resume('redis-cluster-1');
    }
    const again = await redis.connection(pod(1), { signal });
    expect(await again.send([['PING']], { signal })).toMatchObject([{ ok: true }]);
  });

  test('an abort ends the waiting with its reason', async () => {
    await using redis = platform.redis();
    const connection = await redis.connection(pod(), { signal });
    const stop = new AbortController();
    const waiting = connection.send([['BLPOP', 'nothing', 0]], { signal: stop.signal });
    stop.abort(new Error('told to stop'));
    await expect(waiting).rejects.toThrow('told to stop');
  });

  test('a port that nobody listens on is named', async () => {
    const port = await freePort();
    await using redis = createRedis({ credentials: {}, tls: null, dial: async () => ({ host: '127.0.0.1', port }) });
    const thrown = await thrownBy(redis.connection(pod(), { signal }));
    expect(thrown).toMatchObject({
      code: 'redis-unreachable',
      message: expect.stringMatching(
        new RegExp(`redis-cluster-0 \\(127.0.0.1:${port}, tried directly\\).*ECONNREFUSED`),
      ),
    });
  });

  test('an address that swallows everything is given up', async () => {
    const listener = createServer();
    const port = await listening(listener);
    const dial = async () => ({ host: '127.0.0.1', port });
    await using redis = createRedis({ credentials: {}, tls: null, dial, connectTimeout: 300 });
    const thrown = await thrownBy(redis.connection(pod(), { signal }));
    listener.close();
    expect(thrown).toMatchObject({ code: 'redis-unreachable', message: expect.stringContaining('0.3 s') });
  });

  test('a stream that somebody else opened carries a connection', async () => {
    const dial = tunnelDial(async () => connect({ host: '127.0.0.1', port: platform.port('redis-cluster-0') }));
    await using redis = createRedis({ credentials: { password: SECRET }, tls: null, dial });
    const connection = await redis.connection(pod(), { signal });
    expect(await connection.send([['PING']], { signal })).toMatchObject([{ ok: true }]);
  });
});

/** Starts to listen on a free port of this machine. */
function listening(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
}

// A server may be built without TLS; at least one of those given must have it.
describeOn(SERVERS.filter((server) => knows(server, 'tls-port 0')))('TLS to $name', (server) => {
  let folder: string;
  let platform: LocalPlatform;
  let port: number;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'redis-cluster-topology-tls-'));
    makeCertificates(folder);
    port = await freePort();
    const at = (name: string) => join(folder, name);
    platform = await startLocalPlatform({
      server,
      pods: 1,
      config: {
        'tls-port': String(port),
        'tls-cert-file': at('server.crt'),
        'tls-key-file': at('server.key'),
        'tls-ca-cert-file': at('ca.crt'),
      },
    });
  });

  afterAll(async () => {
    await platform[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  const pem = (name: string) => readFile(join(folder, name), 'utf8');
  const client = async () => ({ ca: await pem('ca.crt'), cert: await pem('client.crt'), key: await pem('client.key') });
  const dial = async () => ({ host: '127.0.0.1', port });

  test('is mutual, and checks the name that the certificate bears', async () => {
    const tls = { ...(await client()), serverName: 'redis.cache.svc' };
    await using redis = createRedis({ credentials: {}, tls, dial });
    const connection = await redis.connection(platform.pod('redis-cluster-0'), { signal });
    expect(await connection.send([['PING']], { signal })).toMatchObject([{ ok: true }]);
  });

  test("a verified certificate shows that it is the pod's own server, and without one it is asked through the API server", async () => {
    const tls = { ...(await client()), serverName: 'redis.cache.svc' };
    const opened: string[] = [];
    const open = async ({ name }: { readonly name: string }) => {
      opened.push(name);
      return connect({ host: '127.0.0.1', port });
    };
    const auto = (at: number) => autoDial(at, open, identityByCertificate(tls), 300);
    await using near = createRedis({ credentials: {}, tls, dial: auto(port) });
    await near.connection(platform.pod('redis-cluster-0'), { signal });
    expect(opened).toEqual([]);

    await using redis = createRedis({ credentials: {}, tls, dial: auto(platform.port('redis-cluster-0')) });
    await redis.connection(platform.pod('redis-cluster-0'), { signal });
    expect(opened).toEqual(['redis-cluster-0']);
  });

  test('a server without a password is told from others all the same', async () => {
    const at = platform.port('redis-cluster-0');
    const open = async () => connect({ host: '127.0.0.1', port: at });
    const identity = identityByCounting(open, {});
    expect(await identity.isOf(platform.pod('redis-cluster-0'), { host: '127.0.0.1', port: at }, { signal })).toBe(
      true,
    );
  });

  test.each([
    ['an authority that is not known', async () => ({}), 'self-signed certificate'],
    ['another name', async () => ({ ...(await client()), serverName: 'other.cache.svc' }), 'other.cache.svc'],
    [
      'no certificate of the client',
      async () => ({ ca: await pem('ca.crt'), serverName: 'redis.cache.svc' }),
      'redis-cluster-0',
    ],
  ])('%s is refused in words', async (_name, options, words) => {
    await using redis = createRedis({ credentials: {}, tls: await options(), dial });
    const thrown = await thrownBy(redis.connection(platform.pod('redis-cluster-0'), { signal }));
    expect(thrown).toMatchObject({ code: 'redis-unreachable', message: expect.stringContaining(words) });
  });
});
