import type { Cluster } from '../core/cluster.ts';
import { candidatesOf, crowdsIn } from '../core/design.ts';
import type { Layout } from '../core/layout.ts';
import { seat } from '../core/placement.ts';
import { isEmpty } from '../core/slots.ts';
import type { Topology } from '../core/topology.ts';
import { KINDS, type Step } from '../steps/index.ts';
import { approvedLayout } from './approved-layout.ts';
import { exchange } from './exchange.ts';
import { makePlan, planTowards, unlessItFails } from './make-plan.ts';
import type { Plan, Planned } from './plan.ts';
import { isRest } from './remainder.ts';
import { afterRepairs } from './stages.ts';

/** A plan that people agreed to, as it is known later: its steps, and the pods that did not exist then. */
export interface Approved {
  readonly steps: readonly Step[];
  readonly unbound: readonly string[];
}

/**
 * The plan for going on with an approved one, from wherever the cluster is by now. A plan made anew may end elsewhere, just
 * as well but not as approved: slots half moved may be within the tolerance already, or of two ends that cost the same
 * the other one. So this one leads to the approved end where that is still as declared, as well placed as may be without
 * copies that nobody saw; otherwise it is the plan that is made anew, and `isRest` says how that differs.
 */
export function resumePlan(topology: Topology, cluster: Cluster, approved: Approved): Planned {
  if (topology.state === 'absent' || approved.steps.length === 0) return makePlan(topology, cluster);
  // Nobody has agreed to failovers that would be due only because of where new pods were scheduled.
  return leadBack(makePlan(topology, cluster, { evenly: approved.unbound.length === 0 }), approved);
}

function leadBack(anew: Planned, approved: Approved): Planned {
  if (anew.kind === 'refused' || anew.plan.returning.length > 0) return anew;
  const { topology, before, layout } = anew.plan;
  let best: Plan | null = null;
  for (const goal of goals(anew.plan, approved)) {
    if (best !== null && crowdedPods(goal) >= crowdedPods(best.layout)) continue;
    const plan = planTowards(topology, goal, before);
    if (!isRest(approved.steps, plan, approved.unbound).rest) continue;
    if (crowdedPods(goal) <= crowdedPods(layout)) return unlessItFails(plan);
    best = plan;
  }
  return best === null || isRest(approved.steps, anew.plan, approved.unbound).rest ? anew : unlessItFails(best);
}

/**
 * The best first: as approved; with the roles of new pods exchanged; where new pods run may make it better to seat the
 * replicas anew, or all pods, with the slots as approved.
 */
function* goals(anew: Plan, approved: Approved): Generator<Layout> {
  const { topology, layout } = anew;
  // As for a plan that is made anew: slots of two owners would be asked for twice.
  const mended = afterRepairs(anew.before);
  const same = approvedLayout(topology, mended, approved.steps, layout.pods);
  if (same !== null) yield same;
  const name = exchange(approved.steps, anew, approved.unbound);
  const asBound = approved.steps.map((step) => KINDS.rename(step, name));
  const bound = approvedLayout(topology, mended, asBound, layout.pods);
  if (bound === null) return;
  yield bound;
  yield withReplicasAnew(bound, topology, mended);
  const slots = new Map(bound.shards.map((shard) => [shard.primary, shard.slots]));
  const shards = layout.shards.map((shard) => ({ ...shard, slots: slots.get(shard.primary) ?? [] }));
  if (shards.every((shard) => !isEmpty(shard.slots))) yield { ...layout, shards };
}

/** The same primaries, their replicas exchanged where that spreads the shards better. */
function withReplicasAnew(layout: Layout, topology: Topology, cluster: Cluster): Layout {
  const { spreadBy } = topology.placement;
  const candidates = candidatesOf(layout.pods, cluster);
  const seated = seat(layout.shards, candidates, { replicas: topology.replicasPerShard, spreadBy });
  const shards = layout.shards.map((shard, i) => ({ ...shard, replicas: seated[i]?.replicas ?? shard.replicas }));
  return { ...layout, shards, crowded: crowdsIn(shards, cluster, topology) };
}

function crowdedPods({ crowded }: Layout): number {
  return crowded.reduce((sum, crowd) => sum + crowd.pods.length - 1, 0);
}
