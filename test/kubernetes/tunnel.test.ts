import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createKubernetes } from '../../src/adapters/kubernetes/kubernetes.ts';
import { tunnelTo } from '../../src/adapters/kubernetes/tunnel.ts';
import { systemClock } from '../../src/adapters/process/clock.ts';
import { autoDial, type Dial, directDial, tunnelDial } from '../../src/adapters/redis/dial.ts';
import { identityByCounting } from '../../src/adapters/redis/identity.ts';
import { createRedis } from '../../src/adapters/redis/redis.ts';
import type { Pod } from '../../src/core/cluster.ts';
import { until } from '../../src/servers/until.ts';
import { createNamespace, type TestNamespace } from '../support/kubernetes.ts';
import { statefulSet } from '../support/kubernetes-objects.ts';

const { signal } = new AbortController();

let namespace: TestNamespace;
let pods: readonly Pod[];

beforeAll(async () => {
  namespace = await createNamespace('tunnel');
  const kubernetes = createKubernetes(namespace.config);
  await namespace.apply(
    statefulSet({ replicas: 2, container: { command: ['redis-server', '--protected-mode', 'no'] } }),
  );
  const wait = { for: 'two pods', seconds: 50, remedy: '' };
  pods = await until({ clock: systemClock, tell: () => {}, stop: signal }, wait, async () => {
    const view = await kubernetes.look(namespace.place(), { spreadBy: [], signal });
    return view.pods.length === 2 && view.pods.every((pod) => pod.ready)
      ? { done: true, value: view.pods }
      : { done: false, seen: JSON.stringify(view) };
  });
});

afterAll(async () => {
  await namespace[Symbol.asyncDispose]();
});

function redisThrough(dial: Dial) {
  return createRedis({ credentials: {}, tls: null, dial });
}

function firstPod(): Pod {
  const [pod] = pods;
  if (pod === undefined) throw new Error('There is no pod.');
  return pod;
}

describe('a server is reached', () => {
  test.each(['direct', 'port-forward', 'auto'])('%s', async (mode) => {
    const place = namespace.place();
    const open = tunnelTo(namespace.config, place);
    const dials: Record<string, Dial> = {
      direct: directDial(place.port),
      'port-forward': tunnelDial(open),
      auto: autoDial(place.port, open, identityByCounting(open, {})),
    };
    await using redis = redisThrough(dials[mode] ?? tunnelDial(open));
    for (const pod of pods) {
      const connection = await redis.connection(pod, { signal });
      const [answer] = await connection.send([['PING']], { signal });
      expect(answer).toEqual({ ok: true, value: expect.anything() });
    }
  });
});

test('much data goes through a tunnel whole, in both directions', async () => {
  await using redis = redisThrough(tunnelDial(tunnelTo(namespace.config, namespace.place())));
  const connection = await redis.connection(firstPod(), { signal });
  const value = Buffer.alloc(20_000_000, 'abcdefghijklmnopqrstuvwxyz');
  const answers = await connection.send(
    [
      ['SET', 'large', value],
      ['GET', 'large'],
      ['DEL', 'large'],
    ],
    { signal, timeout: 30_000 },
  );
  const read = answers[1]?.ok ? answers[1].value : null;
  expect(Buffer.isBuffer(read) && read.equals(value)).toBe(true);
});

test('many tunnels stand at once', async () => {
  await using redis = redisThrough(tunnelDial(tunnelTo(namespace.config, namespace.place())));
  const connections = await Promise.all(Array.from({ length: 20 }, () => redis.open(firstPod(), { signal })));
  const answers = await Promise.all(connections.map((connection) => connection.send([['PING']], { signal })));
  expect(answers.flat().every((answer) => answer.ok)).toBe(true);
  await Promise.all(connections.map((connection) => connection[Symbol.asyncDispose]()));
});

test('a tunnel to a pod that is not there says so', async () => {
  const open = tunnelTo(namespace.config, namespace.place());
  const gone = { ...firstPod(), name: 'redis-cluster-99' };
  await expect(open(gone, { signal })).rejects.toMatchObject({
    code: 'redis-unreachable',
    message: expect.stringContaining('Cannot reach pod redis-cluster-99 through the API server'),
  });
});

test('a tunnel to a port where nothing listens ends with an error', async () => {
  const open = tunnelTo(namespace.config, namespace.place({ port: 6390 }));
  await using redis = redisThrough(tunnelDial(open));
  await expect(redis.connection(firstPod(), { signal })).rejects.toMatchObject({ code: 'redis-unreachable' });
});

test('who is told to stop does not wait for a tunnel', async () => {
  const open = tunnelTo(namespace.config, namespace.place());
  const reason = new Error('stop');
  await expect(open(firstPod(), { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
});
