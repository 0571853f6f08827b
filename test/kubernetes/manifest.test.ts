import { describe, expect, test } from '@jest/globals';
import { createKubernetes } from '../../src/adapters/kubernetes/kubernetes.ts';
import { systemClock } from '../../src/adapters/process/clock.ts';
import { directDial } from '../../src/adapters/redis/dial.ts';
import { createRedis } from '../../src/adapters/redis/redis.ts';
import type { Pod } from '../../src/core/cluster.ts';
import type { Kubernetes } from '../../src/ports/kubernetes.ts';
import type { Argument } from '../../src/ports/redis.ts';
import { until } from '../../src/servers/until.ts';
import { createNamespace, type TestNamespace } from '../support/kubernetes.ts';

const { signal } = new AbortController();
const PASSWORD = 'opensesame';

async function podsWhen(
  kubernetes: Kubernetes,
  namespace: TestNamespace,
  wanted: (pods: readonly Pod[]) => boolean,
): Promise<readonly Pod[]> {
  const wait = { for: 'the pods', seconds: 100, remedy: '' };
  return until({ clock: systemClock, tell: () => {}, stop: signal }, wait, async () => {
    const { pods } = await kubernetes.look(namespace.place(), { spreadBy: [], signal });
    return wanted(pods) ? { done: true, value: pods } : { done: false, seen: JSON.stringify(pods) };
  });
}

describe.each(['redis:7.0', 'valkey/valkey:9.1'])('manifests/redis-cluster.yaml with %s and a password', (image) => {
  test('a primary that is deleted hands over first, and comes back as a replica known at its new address', async () => {
    await using namespace = await createNamespace('manifest');
    const kubernetes = createKubernetes(namespace.config);
    await using redis = createRedis({ credentials: { password: PASSWORD }, tls: null, dial: directDial(6379) });
    const ask = async (pod: Pod, ...command: Argument[]): Promise<string> => {
      const connection = await redis.connection(pod, { signal });
      const [answer] = await connection.send([command], { signal });
      return answer?.ok ? String(answer.value) : `(${answer?.error ?? 'nothing'})`;
    };
    const untilSays = async (pod: Pod, command: readonly string[], words: RegExp): Promise<void> => {
      const wait = { for: `${words} in ${command.join(' ')}`, seconds: 40, remedy: '' };
      await until({ clock: systemClock, tell: () => {}, stop: signal }, wait, async () => {
        const seen = await ask(pod, ...command);
        return words.test(seen) ? { done: true, value: seen } : { done: false, seen };
      });
    };

    await namespace.apply({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'redis-cluster' },
      stringData: { password: PASSWORD },
    });
    await namespace.applyFile('manifests/redis-cluster.yaml', (text) => text.replaceAll('redis:7.0', image));
    await kubernetes.scale(namespace.place(), { from: 1, to: 2 }, { signal });
    const [first, second] = await podsWhen(
      kubernetes,
      namespace,
      (pods) => pods.length === 2 && pods.every((pod) => pod.ready),
    );
    if (first === undefined || second === undefined) throw new Error('There are no pods.');

    const id = await ask(first, 'CLUSTER', 'MYID');
    await ask(first, 'CLUSTER', 'ADDSLOTSRANGE', 0, 16_383);
    await ask(second, 'CLUSTER', 'MEET', first.ip ?? '', 6379);
    await untilSays(second, ['CLUSTER', 'NODES'], new RegExp(`${id}.*0-16383`));
    await ask(second, 'CLUSTER', 'REPLICATE', id);
    await untilSays(second, ['INFO', 'replication'], /master_link_status:up/);
    await untilSays(first, ['CLUSTER', 'INFO'], /cluster_state:ok/);
    expect(await ask(first, 'SET', 'key', 'value')).toBe('OK');
    await untilSays(first, ['INFO', 'replication'], /slave0:.*state=online/);

    await namespace.deletePod(first.name);

    await untilSays(second, ['INFO', 'replication'], /role:master/);
    const [again] = await podsWhen(kubernetes, namespace, (pods) =>
      pods.some((pod) => pod.name === first.name && pod.ready && pod.uid !== first.uid),
    );
    if (again === undefined) throw new Error('The pod did not come back.');
    expect(again.ip).not.toBe(first.ip);
    await untilSays(second, ['CLUSTER', 'NODES'], new RegExp(`${id} ${again.ip}:6379@16379\\S* slave `));
    await untilSays(again, ['INFO', 'replication'], /role:slave[\s\S]*master_link_status:up/);
    expect(await ask(second, 'GET', 'key')).toBe('value');
    expect(await ask(again, 'CONFIG', 'GET', 'maxmemory')).toBe('maxmemory,357913940');
  });
});
