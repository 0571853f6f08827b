import { describe, expect, test } from '@jest/globals';
import { slotOwners } from '../../src/core/cluster.ts';
import { differences } from '../support/dataset.ts';
import { type FoundShape, found } from './support/found-cluster.ts';

const SHAPES: readonly (readonly [name: string, purpose: string, FoundShape])[] = [
  [
    'as the chart makes it, with a password, an exporter, an init container, OnDelete and a disruption budget, through port-forward',
    'chart',
    {
      file: 'chart.yaml',
      statefulSet: 'x-redis-cluster',
      port: 6379,
      replicas: 1,
      password: 'the-password-of-the-chart',
      inputs: { connect: 'port-forward' },
    },
  ],
  [
    'with host names as endpoints, port 7000, ordinals from 5, a partition and no volumes, directly',
    'named',
    { file: 'named.yaml', statefulSet: 'named', port: 7_000, replicas: 0, inputs: { connect: 'direct' } },
  ],
];

describe('a StatefulSet on redis:7.0 that something else has made', () => {
  test.concurrent.each(SHAPES)(
    '%s: becomes a cluster, grows and keeps its keys',
    async (_name, purpose, shape) => {
      await using cluster = await found(purpose, shape);
      const made = await cluster.run('apply', 3);
      expect([made.outputs['result'], made.exitCode === 0 ? '' : made.log]).toEqual(['applied', '']);
      await cluster.load();
      const before = await cluster.keys();

      const planned = await cluster.run('plan', 4);
      expect(planned.outputs).toMatchObject({ result: 'planned', changed: 'false' });
      // Who will set the number of pods back at the next upgrade.
      expect(planned.outputs['plan']?.includes('Helm (meta.helm.sh/release-name: x)')).toBe(purpose === 'chart');
      const grown = await cluster.run('apply', 4);
      expect([grown.outputs['result'], grown.exitCode === 0 ? '' : grown.log]).toEqual(['applied', '']);
      expect(slotOwners(await cluster.look())).toHaveLength(4);
      expect(differences(before, await cluster.keys())).toEqual([]);
      const again = await cluster.run('plan', 4);
      expect(again.outputs).toMatchObject({ result: 'no-changes', drift: 'false' });
    },
    240_000,
  );
});
