import { directDial } from '../../src/adapters/redis/dial.ts';
import { createRedis } from '../../src/adapters/redis/redis.ts';
import type { Pod } from '../../src/core/cluster.ts';
import type { Place } from '../../src/core/topology.ts';
import type { Redis } from '../../src/ports/redis.ts';
import { podOf } from './cluster.ts';
import { LocalKubernetes } from './local-kubernetes.ts';
import { placeOf } from './topology.ts';

/** A local platform of another process: its servers are used, not started or ended. */
export interface ServersByPort {
  pods(): readonly Pod[];
  readonly place: Place;
  readonly kubernetes: LocalKubernetes;
  readonly redis: Redis & AsyncDisposable;
}

/** @param ports of the pods, by ordinal */
export function serversByPort(ports: readonly number[]): ServersByPort {
  const pods = ports.map((_, ordinal) => podOf('redis-cluster', ordinal, { ip: '127.0.0.1' }));
  const still = {
    view: () => ({ workload: null, pods, volumes: [], kubernetesNodes: [] }),
    resize: () => Promise.reject(new Error('These servers are started by another process.')),
    deleteVolumes: () => Promise.reject(new Error('These servers are started by another process.')),
  };
  return {
    pods: () => pods,
    place: placeOf('redis-cluster', 'local'),
    kubernetes: new LocalKubernetes(still, pods.length),
    redis: createRedis({
      credentials: {},
      tls: null,
      dial: (pod, options) => directDial(ports[pods.findIndex(({ name }) => name === pod.name)] ?? 0)(pod, options),
    }),
  };
}
