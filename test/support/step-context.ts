import { systemClock } from '../../src/adapters/process/clock.ts';
import type { Cluster } from '../../src/core/cluster.ts';
import type { Event } from '../../src/core/events.ts';
import type { Place, Topology } from '../../src/core/topology.ts';
import type { StepContext } from '../../src/ports/context.ts';
import type { Kubernetes } from '../../src/ports/kubernetes.ts';
import type { Redis } from '../../src/ports/redis.ts';

/** What steps that only talk to Kubernetes need to run alone. What they tell is kept in `events`. */
export function stepContext(parts: {
  readonly place: Place;
  readonly kubernetes: Kubernetes;
  readonly redis: Redis;
  readonly cluster?: Partial<Cluster>;
  readonly stop?: AbortSignal;
}): StepContext & { readonly events: readonly Event[] } {
  const events: Event[] = [];
  return {
    topology: topologyAt(parts.place),
    cluster: { ...NOTHING, ...parts.cluster },
    redis: parts.redis,
    kubernetes: parts.kubernetes,
    clock: systemClock,
    observe: () => Promise.reject(new Error('These steps look at Kubernetes themselves.')),
    stop: parts.stop ?? new AbortController().signal,
    tell: (event) => events.push(event),
    events,
  };
}

const NOTHING: Cluster = {
  workload: null,
  pods: [],
  volumes: [],
  kubernetesNodes: [],
  members: [],
  strangers: [],
  manifests: null,
  findings: [],
};

function topologyAt(place: Place): Topology {
  return {
    name: place.statefulSet,
    file: 'topology.yaml',
    state: 'present',
    kubernetes: place,
    shards: Array.from({ length: 3 }, () => ({ kind: 'weight', weight: 1 }) as const),
    replicasPerShard: 1,
    tolerance: 0.02,
    placement: { spreadBy: ['kubernetes.io/hostname'], whenUnsatisfiable: 'warn' },
    volumes: { onScaleDown: 'retain' },
    migration: { method: 'auto', maxLatency: 20 },
  };
}
