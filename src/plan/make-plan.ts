import type { Cluster } from '../core/cluster.ts';
import { design } from '../core/design.ts';
import type { Layout } from '../core/layout.ts';
import type { Topology } from '../core/topology.ts';
import { dangersOf } from './dangers.ts';
import { fingerprint } from './fingerprint.ts';
import { memoryRefusal } from './memory.ts';
import type { Plan, Planned } from './plan.ts';
import { crowdRefusal, refusalOf } from './refusals.ts';
import { stagesTowards } from './stages.ts';

/**
 * What is to be done so that the cluster becomes as declared, or why that cannot be said. Pure: the same topology and
 * the same cluster always give the same plan. A plan without stages means that there is nothing to do.
 * Throws Failure `internal-error` where its own steps would break a promise.
 */
export function makePlan(topology: Topology, cluster: Cluster): Planned {
  const refusal = refusalOf(topology, cluster);
  if (refusal !== null) return { kind: 'refused', failure: refusal, before: cluster };
  const layout = design(topology, cluster);
  const crowded = crowdRefusal(topology, layout);
  if (crowded !== null) return { kind: 'refused', failure: crowded, before: cluster };
  const plan = planTowards(topology, layout, cluster);
  const tooSmall = memoryRefusal(plan);
  return tooSmall === null ? { kind: 'plan', plan } : { kind: 'refused', failure: tooSmall, before: cluster };
}

function planTowards(topology: Topology, layout: Layout, before: Cluster): Plan {
  const { stages, after } = stagesTowards({ topology, layout }, before);
  const there = new Set(before.pods.filter((pod) => pod.node !== null).map((pod) => pod.name));
  return {
    topology,
    before,
    layout,
    stages,
    after,
    dangers: dangersOf({ topology, layout, before, stages, after }),
    unbound: layout.pods.filter((pod) => !there.has(pod)),
    hash: fingerprint(stages.flat()),
  };
}
