import { byOrdinal, type Cluster } from '../core/cluster.ts';
import { design, type Wishes } from '../core/design.ts';
import type { Layout } from '../core/layout.ts';
import type { Topology } from '../core/topology.ts';
import { dangersOf } from './dangers.ts';
import { fingerprint } from './fingerprint.ts';
import { memoryRefusal } from './memory.ts';
import type { Plan, Planned } from './plan.ts';
import { crowdRefusal, refusalOf } from './refusals.ts';
import { afterRepairs, stagesTowards } from './stages.ts';
import { workIn } from './waiting.ts';
import { wayRefusal } from './way-refusal.ts';

/**
 * What is to be done so that the cluster becomes as declared, or why that cannot be said. Pure: the same topology and
 * the same cluster always give the same plan. A plan without stages means that there is nothing to do.
 * Throws Failure `internal-error` where its own steps would break a promise.
 */
export function makePlan(topology: Topology, seen: Cluster, wishes: Wishes = {}): Planned {
  const cluster = inOrder(seen);
  const mended = topology.state === 'absent' ? cluster : afterRepairs(cluster);
  const refusal = refusalOf(topology, mended);
  if (refusal !== null) return { kind: 'refused', failure: refusal, before: cluster, plan: null };
  // Slots are dealt out as they are owned once the cluster is whole, so that none moves twice.
  const plan = planTowards(topology, design(topology, mended, wishes), cluster);
  const failure = crowdRefusal(topology, plan.layout, cluster);
  return failure === null ? unlessMovesFail(plan) : { kind: 'refused', failure, before: cluster, plan };
}

/** A plan, or why its moves of slots would fail in the middle. */
export function unlessMovesFail(plan: Plan): Planned {
  const failure = wayRefusal(plan) ?? memoryRefusal(plan);
  return failure === null ? { kind: 'plan', plan } : { kind: 'refused', failure, before: plan.before, plan };
}

/** The plan towards a layout that is given. Throws Failure `internal-error`, as makePlan does. */
export function planTowards(topology: Topology, layout: Layout, before: Cluster): Plan {
  const { stages, states } = stagesTowards({ topology, layout }, before);
  const after = states.at(-1) ?? before;
  return {
    topology,
    before,
    layout,
    stages,
    after,
    dangers: dangersOf({ topology, layout, before, stages, after }, states),
    unbound: unboundPods(layout, before),
    hash: fingerprint(workIn(stages, states)),
  };
}

/**
 * Pods whose roles may be exchanged once it is known where all run: those that are not scheduled yet and, where there are
 * any, those that hold nothing either.
 */
function unboundPods({ pods }: Layout, before: Cluster): readonly string[] {
  const scheduled = new Set(before.pods.filter((pod) => pod.node !== null).map((pod) => pod.name));
  if (pods.every((pod) => scheduled.has(pod))) return [];
  const inUse = new Set(
    before.members.filter(({ role, slots }) => role === 'replica' || slots.length > 0).map(({ pod }) => pod),
  );
  return pods.filter((pod) => !scheduled.has(pod) || !inUse.has(pod));
}

/** Steps are listed in the order of the pods: whoever looked may have seen them in another one. */
function inOrder(cluster: Cluster): Cluster {
  return {
    ...cluster,
    pods: cluster.pods.toSorted((a, b) => a.ordinal - b.ordinal),
    members: cluster.members.toSorted((a, b) => byOrdinal(a.pod, b.pod)),
    volumes: cluster.volumes.toSorted((a, b) => byOrdinal(a.claim, b.claim)),
  };
}
