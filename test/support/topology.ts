import type { Place, Topology } from '../../src/core/topology.ts';

/** A topology as the file would give it: `shards` equal shards. */
export function topologyOf(place: Place, shape: { shards: number; replicas: number }): Topology {
  return {
    name: place.statefulSet,
    file: 'topology.yaml',
    state: 'present',
    kubernetes: place,
    shards: Array.from({ length: shape.shards }, () => ({ kind: 'weight', weight: 1 })),
    replicasPerShard: shape.replicas,
    tolerance: 0.02,
    placement: { spreadBy: ['kubernetes.io/hostname'], whenUnsatisfiable: 'warn' },
    volumes: { onScaleDown: 'retain' },
    migration: { method: 'auto', maxLatency: 20 },
  };
}
