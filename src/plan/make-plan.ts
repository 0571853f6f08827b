import { byOrdinal, type Cluster } from '../core/cluster.ts';
import { design, targetPods, type Wishes } from '../core/design.ts';
import type { Layout } from '../core/layout.ts';
import type { Topology } from '../core/topology.ts';
import type { Target } from '../steps/kind.ts';
import { dangersOf } from './dangers.ts';
import { fingerprint } from './fingerprint.ts';
import { memoryRefusal } from './memory.ts';
import type { Plan, Planned } from './plan.ts';
import { crowdRefusal, refusalOf } from './refusals.ts';
import { layoutOfNow, returningPods } from './returning.ts';
import { afterRepairs, type Staged, stagesOfReturn, stagesTowards } from './stages.ts';
import { workIn } from './waiting.ts';
import { wayRefusal } from './way-refusal.ts';
import { writesRefusal } from './writes-refusal.ts';

/**
 * What is to be done so that the cluster becomes as declared, or why that cannot be said. Pure: the same topology and
 * the same cluster always give the same plan. A plan without stages means that there is nothing to do.
 * Throws Failure `internal-error` where its own steps would break a promise.
 */
export function makePlan(topology: Topology, seen: Cluster, wishes: Wishes = {}): Planned {
  const cluster = inOrder(seen);
  const mended = topology.state === 'absent' ? cluster : afterRepairs(cluster);
  const pods = targetPods(topology, cluster);
  const returning = returningPods(cluster, topology.state === 'absent' ? [] : pods);
  const refusal = refusalOf(topology, mended, returning);
  if (refusal !== null) return { kind: 'refused', failure: refusal, before: cluster, plan: null };
  if (returning.length > 0) {
    const target = { topology, layout: layoutOfNow(cluster, pods) };
    return { kind: 'plan', plan: planOf(target, cluster, stagesOfReturn(target, cluster), returning) };
  }
  // Slots are dealt out as they are owned once the cluster is whole, so that none moves twice.
  const plan = planTowards(topology, design(topology, mended, wishes), cluster);
  const failure = crowdRefusal(topology, plan.layout, cluster);
  return failure === null ? unlessItFails(plan) : { kind: 'refused', failure, before: cluster, plan };
}

/** A plan, or why it would fail in the middle or keep clients from writing. */
export function unlessItFails(plan: Plan): Planned {
  const failure = writesRefusal(plan) ?? wayRefusal(plan) ?? memoryRefusal(plan);
  return failure === null ? { kind: 'plan', plan } : { kind: 'refused', failure, before: plan.before, plan };
}

/** The plan towards a layout that is given. Throws Failure `internal-error`, as makePlan does. */
export function planTowards(topology: Topology, layout: Layout, before: Cluster): Plan {
  return planOf({ topology, layout }, before, stagesTowards({ topology, layout }, before), []);
}

function planOf(target: Target, before: Cluster, { stages, states }: Staged, returning: Plan['returning']): Plan {
  const after = states.at(-1) ?? before;
  const parts = { ...target, before, stages, after, returning };
  return {
    ...parts,
    dangers: dangersOf(parts, states),
    unbound: unboundPods(target.layout, before),
    hash: fingerprint(target.topology.kubernetes, workIn(stages, states)),
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
