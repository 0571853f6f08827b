import { systemClock } from '../../src/adapters/process/clock.ts';
import type { Cluster } from '../../src/core/cluster.ts';
import { ALLOW_WORDS } from '../../src/core/request.ts';
import type { Topology } from '../../src/core/topology.ts';
import { carryOut, type Journal } from '../../src/engine/carry-out.ts';
import { observeSettled } from '../../src/engine/observe.ts';
import { makePlan } from '../../src/plan/make-plan.ts';
import type { Plan } from '../../src/plan/plan.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { Kubernetes } from '../../src/ports/kubernetes.ts';
import type { Redis } from '../../src/ports/redis.ts';

export interface Ground {
  readonly kubernetes: Kubernetes;
  readonly redis: Redis;
}

/** Looks and plans; a refusal is thrown. */
export async function planOn(ground: Ground, topology: Topology, clock = systemClock): Promise<Plan> {
  const planned = makePlan(topology, await look(ground, topology, { clock }));
  if (planned.kind === 'refused') throw planned.failure;
  return planned.plan;
}

/** Plans and carries the plan out as an apply does it, without GitHub and the lock. */
export async function applyOn(
  ground: Ground,
  topology: Topology,
  options: { stop?: AbortSignal; journal?: Journal; clock?: Clock } = {},
): Promise<Plan> {
  const { clock = systemClock } = options;
  const approved = await planOn(ground, topology, clock);
  await carryOut(
    topology,
    {
      ...ground,
      clock,
      observe: ({ thorough }) => look(ground, topology, { thorough, clock }),
    },
    {
      approved,
      allow: ALLOW_WORDS,
      journal: options.journal ?? QUIET,
      stop: options.stop ?? new AbortController().signal,
    },
  );
  return approved;
}

export function look(
  ground: Ground,
  topology: Topology,
  { thorough = true, clock = systemClock } = {},
): Promise<Cluster> {
  const ports = { ...ground, clock };
  return observeSettled(topology, ports, {
    manifests: null,
    thorough,
    isFirst: true,
    signal: new AbortController().signal,
  });
}

const QUIET: Journal = { stage: (_number, _planned, work) => work(), tell: () => undefined };
