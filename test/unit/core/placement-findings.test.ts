import { describe, expect, test } from '@jest/globals';
import { placementFindings } from '../../../src/core/placement-findings.ts';
import { clusterOf, topologyOf } from '../report/reported.ts';

describe('shards whose members share a node or zone', () => {
  test('are none in a cluster that is spread', () => {
    expect(placementFindings(topologyOf(3), clusterOf({ shards: 3, replicas: 1 }))).toEqual([]);
  });

  test('are a difference where another choice of roles mends it, and name what would be lost', () => {
    const nodes = ['node-0', 'node-1', 'node-2', 'node-0', 'node-1', 'node-1'];
    const cluster = clusterOf({ shards: 3, replicas: 1, nodeOf: (n) => nodes[n] ?? '' });
    expect(placementFindings(topologyOf(3), cluster).map(({ weight, text }) => `${weight}: ${text}`)).toEqual([
      'differs: redis-cluster-0 and redis-cluster-3 of the shard of redis-cluster-0 are both in the Kubernetes node node-0, and that is the whole shard: if node-0 stops, slots 0-5460 (5,461 slots) are gone.',
      'differs: redis-cluster-1 and redis-cluster-4 of the shard of redis-cluster-1 are both in the Kubernetes node node-1, and that is the whole shard: if node-1 stops, slots 5461-10922 (5,462 slots) are gone.',
    ]);
  });

  test('are only shown where nothing mends it and the topology asks for a warning', () => {
    const cluster = clusterOf({ shards: 3, replicas: 1, nodeOf: () => 'node-1' });
    const weights = (whenUnsatisfiable: 'warn' | 'fail'): readonly string[] => {
      const placement = { spreadBy: ['kubernetes.io/hostname'], whenUnsatisfiable };
      return placementFindings(topologyOf(3, { placement }), cluster).map((finding) => finding.weight);
    };
    expect(weights('warn')).toEqual(['note', 'note', 'note']);
    expect(weights('fail')).toEqual(['differs', 'differs', 'differs']);
  });

  test('are told by the zone alone where the nodes differ', () => {
    const nodes = ['node-0', 'node-1', 'node-3', 'node-2'];
    const cluster = clusterOf({ shards: 2, replicas: 1, nodeOf: (n) => nodes[n] ?? '' });
    const [finding, ...more] = placementFindings(topologyOf(2), cluster);
    expect(more).toEqual([]);
    expect(finding?.text).toContain(
      'redis-cluster-0 and redis-cluster-2 of the shard of redis-cluster-0 are both in the zone zone-a',
    );
  });
});

function nodesOf(...nodes: readonly string[]) {
  return clusterOf({ shards: 3, replicas: 1, nodeOf: (n) => nodes[n] ?? '' });
}

describe('primaries on one node', () => {
  test('are a difference where there are two more than must be', () => {
    const cluster = nodesOf('node-0', 'node-0', 'node-0', 'node-1', 'node-2', 'node-1');
    const [finding, ...more] = placementFindings(topologyOf(3), cluster);
    expect(more).toEqual([]);
    expect(finding).toMatchObject({
      code: 'primaries-crowded',
      weight: 'differs',
      text: 'redis-cluster-0, redis-cluster-1 and redis-cluster-2, 3 of 3 primaries, are in the Kubernetes node node-0: when it stops, 3 shards fail over at once.',
    });
    expect(finding?.remedy).toContain('Apply the topology: redis-cluster-3 and redis-cluster-4 take over');
  });

  test('are told, with who could lead instead, where there is one more, as after a failover by itself', () => {
    const cluster = nodesOf('node-0', 'node-0', 'node-1', 'node-1', 'node-2', 'node-2');
    const [finding, ...more] = placementFindings(topologyOf(3), cluster);
    expect(more).toEqual([]);
    expect(finding).toMatchObject({ code: 'primaries-crowded', weight: 'note' });
    expect(finding?.remedy).toContain('`CLUSTER FAILOVER` on redis-cluster-4, one after the other');
  });

  test('are told of the node that can be relieved, not of a fuller one that cannot', () => {
    const nodes = ['node-0', 'node-0', 'node-0', 'node-1', 'node-1', 'node-0', 'node-0', 'node-0', 'node-2', 'node-1'];
    const cluster = clusterOf({ shards: 5, replicas: 1, nodeOf: (n) => nodes[n] ?? '' });
    const found = placementFindings(topologyOf(5), cluster).filter(({ code }) => code === 'primaries-crowded');
    expect(found.map(({ pods }) => pods)).toEqual([['redis-cluster-3', 'redis-cluster-4']]);
  });

  test.each([
    ['one node has one more than another', ['node-0', 'node-0', 'node-1', 'node-1', 'node-1', 'node-0']],
    ['nobody elsewhere could lead', ['node-0', 'node-0', 'node-0', 'node-0', 'node-0', 'node-0']],
  ])('are nothing to tell where %s', (_why, nodes) => {
    const found = placementFindings(topologyOf(3), nodesOf(...nodes));
    expect(found.map(({ code }) => code)).not.toContain('primaries-crowded');
  });
});
