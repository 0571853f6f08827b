import type { Place, Topology } from '../../src/core/topology.ts';

/** A topology as the file would give it: `shards` equal shards, and the defaults where `more` says nothing. */
export function topologyOf(
  place: Place,
  shape: { shards: number; replicas: number },
  more: Partial<Topology> = {},
): Topology {
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
    ...more,
  };
}

/** Where nothing is looked at: a StatefulSet in a namespace, on the port that everybody has. */
export function placeOf(statefulSet: string, namespace = 'cache'): Place {
  return { namespace, statefulSet, container: null, port: 6379, manifests: null };
}
