import { byOrdinal, type Cluster, replicasOf, slotOwners } from '../core/cluster.ts';
import type { ShardTarget } from '../core/layout.ts';
import type { Plan } from '../plan/plan.ts';

/** The plan as it came: which pod has which role was settled only when Kubernetes had scheduled the new ones. */
export function asCarriedOut(plan: Plan, now: Cluster): Plan {
  const liveOf = new Map(plan.layout.shards.map(({ primary, live }) => [primary, live]));
  const owners = new Set(slotOwners(plan.before).map(({ pod }) => pod));
  const shards = slotOwners(now).map(
    ({ pod, slots }): ShardTarget => ({
      primary: pod,
      replicas: replicasOf(now, pod).map((member) => member.pod),
      slots,
      live: liveOf.get(pod) ?? (owners.has(pod) ? pod : null),
    }),
  );
  const sorted = shards.toSorted((a, b) => byOrdinal(a.primary, b.primary));
  return { ...plan, layout: { ...plan.layout, shards: sorted }, after: now, unbound: [] };
}
