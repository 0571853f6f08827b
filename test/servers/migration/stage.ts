import { systemClock } from '../../../src/adapters/process/clock.ts';
import type { Pod } from '../../../src/core/cluster.ts';
import type { Event } from '../../../src/core/events.ts';
import { count, print, type SlotSet } from '../../../src/core/slots.ts';
import type { Topology } from '../../../src/core/topology.ts';
import { observeSettled } from '../../../src/engine/observe.ts';
import type { StepContext } from '../../../src/ports/context.ts';
import type { Redis } from '../../../src/ports/redis.ts';
import { type View, viewOf } from '../../../src/servers/views.ts';
import type { MoveSlots } from '../../../src/steps/move-slots/shape.ts';
import type { LocalPlatform } from '../../support/local-platform.ts';
import { topologyOf } from '../../support/topology.ts';

/** Servers to work on: a local platform, or its servers seen from another process. */
export type Stage = Pick<LocalPlatform, 'pods' | 'place' | 'kubernetes'>;

/** A step's context over the servers of a local platform, and what the step told. */
export async function stageOf(
  platform: Stage,
  redis: Redis,
  options: {
    stop?: AbortSignal;
    hurry?: AbortSignal;
    method?: Topology['migration']['method'];
    maxLatency?: number;
  } = {},
): Promise<StepContext & { readonly told: Event[] }> {
  const told: Event[] = [];
  const stop = options.stop ?? new AbortController().signal;
  const topology = topologyOf(
    platform.place,
    { shards: 0, replicas: 0 },
    { migration: { method: options.method ?? 'auto', maxLatency: options.maxLatency ?? 20 } },
  );
  const ports = { kubernetes: platform.kubernetes, redis, clock: systemClock };
  return {
    topology,
    cluster: await observeSettled(topology, ports, { manifests: null, signal: stop }),
    redis,
    kubernetes: platform.kubernetes,
    clock: systemClock,
    stop,
    hurry: options.hurry ?? stop,
    tell: (event) => told.push(event),
    told,
  };
}

export async function view(redis: Redis, pod: Pod): Promise<View> {
  const signal = AbortSignal.timeout(10_000);
  return viewOf(await redis.connection(pod, { signal }), { signal });
}

/**
 * Slots that any primary has marked as migrating or importing, in words. A replica of Valkey has the marks that its primary
 * had when it last heard of it, and is told of no change that it misses; it serves by none of them.
 */
export async function openSlots(platform: Stage, redis: Redis): Promise<readonly string[]> {
  const found: string[] = [];
  for (const pod of platform.pods().filter((candidate) => candidate.ready)) {
    const { me, migrating, importing } = await view(redis, pod);
    if (me.role === 'replica') continue;
    for (const slot of migrating.keys()) found.push(`${pod.name} migrating ${slot}`);
    for (const slot of importing.keys()) found.push(`${pod.name} importing ${slot}`);
  }
  return found;
}

export function move(from: string, to: string, slots: SlotSet): MoveSlots {
  return { kind: 'move-slots', from, to, slots: print(slots), count: count(slots) };
}
