import { describe, expect, test } from '@jest/globals';
import { slotOwners } from '../../src/core/cluster.ts';
import { differences } from '../support/dataset.ts';
import { type FoundShape, found } from './support/found-cluster.ts';

const SHAPES: readonly (readonly [name: string, purpose: string, FoundShape])[] = [
  [
    'as the chart makes it, with a password, a probe that passes only in a whole cluster, an exporter, an init container, OnDelete and a disruption budget, through port-forward',
    'chart',
    {
      file: 'chart.yaml',
      statefulSet: 'x-redis-cluster',
      port: 6379,
      shards: [3, 4],
      replicas: 1,
      password: 'the-password-of-the-chart',
      inputs: { connect: 'port-forward' },
    },
  ],
  [
    'with host names as endpoints, port 7000, ordinals from 5, a partition and no volumes, directly',
    'named',
    {
      file: 'named.yaml',
      statefulSet: 'named',
      port: 7_000,
      shards: [3, 4],
      replicas: 0,
      inputs: { connect: 'direct' },
    },
  ],
  [
    'on the network of Kubernetes nodes, one on each, directly',
    'host-spread',
    {
      file: 'host-spread.yaml',
      statefulSet: 'host-spread',
      port: 7_380,
      shards: [2, 3],
      replicas: 0,
      inputs: { connect: 'direct' },
    },
  ],
];

describe('a StatefulSet on redis:7.0 that something else has made', () => {
  test.concurrent.each(SHAPES)(
    '%s: becomes a cluster, grows, shrinks, and keeps its keys',
    async (_name, purpose, shape) => {
      await using cluster = await found(purpose, shape);
      const [few, more] = shape.shards;
      const made = await cluster.run('apply', few);
      expect([made.outputs['result'], made.exitCode === 0 ? '' : made.log]).toEqual(['applied', '']);
      await cluster.load();
      const before = await cluster.keys();

      const planned = await cluster.run('plan', more);
      expect(planned.outputs).toMatchObject({ result: 'planned', changed: 'false' });
      // Who will set the number of pods back at the next upgrade.
      expect(planned.outputs['plan']?.includes('Helm (meta.helm.sh/release-name: x)')).toBe(purpose === 'chart');
      const grown = await cluster.run('apply', more);
      expect([grown.outputs['result'], grown.exitCode === 0 ? '' : grown.log]).toEqual(['applied', '']);
      expect(slotOwners(await cluster.look())).toHaveLength(more);
      expect(differences(before, await cluster.keys())).toEqual([]);
      const again = await cluster.run('plan', more);
      expect(again.outputs).toMatchObject({ result: 'no-changes', drift: 'false' });

      const shrunk = await cluster.run('apply', few);
      expect([shrunk.outputs['result'], shrunk.exitCode === 0 ? '' : shrunk.log]).toEqual(['applied', '']);
      const { pods } = await cluster.look();
      const first = purpose === 'named' ? 5 : 0;
      expect(pods.map(({ ordinal }) => ordinal)).toEqual(
        Array.from({ length: few * (1 + shape.replicas) }, (_, i) => first + i),
      );
      expect(differences(before, await cluster.keys())).toEqual([]);
    },
  );

  test('on the network of one Kubernetes node: is refused before anything was joined, and said why', async () => {
    const shape = { file: 'host-network.yaml', statefulSet: 'host-network', port: 7_370, replicas: 0, inputs: {} };
    await using cluster = await found('host-network', { ...shape, shards: [2, 3] });
    const refused = await cluster.run('apply', 2);
    expect(refused.outputs).toMatchObject({
      result: 'refused',
      changed: 'false',
      'failure-reason': 'cluster-unhealthy',
    });
    expect(refused.log).toMatch(/host-network-0 and host-network-1 have the IP .* \(hostNetwork\)/);
  });
});
