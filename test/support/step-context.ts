import { systemClock } from '../../src/adapters/process/clock.ts';
import type { Cluster } from '../../src/core/cluster.ts';
import type { Event } from '../../src/core/events.ts';
import type { Place } from '../../src/core/topology.ts';
import type { StepContext } from '../../src/ports/context.ts';
import type { Kubernetes } from '../../src/ports/kubernetes.ts';
import type { Redis } from '../../src/ports/redis.ts';
import { NOTHING } from './cluster.ts';
import { topologyOf } from './topology.ts';

/** What steps that only talk to Kubernetes need to run alone. What they tell is kept in `events`. */
export function stepContext(parts: {
  readonly place: Place;
  readonly kubernetes: Kubernetes;
  readonly redis: Redis;
  readonly cluster?: Partial<Cluster>;
  readonly stop?: AbortSignal;
}): StepContext & { readonly events: readonly Event[] } {
  const events: Event[] = [];
  const stop = parts.stop ?? new AbortController().signal;
  return {
    topology: topologyOf(parts.place, { shards: 3, replicas: 1 }),
    cluster: { ...NOTHING, ...parts.cluster },
    redis: parts.redis,
    kubernetes: parts.kubernetes,
    clock: systemClock,
    stop,
    hurry: stop,
    tell: (event) => events.push(event),
    events,
  };
}
