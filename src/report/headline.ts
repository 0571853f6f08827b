import { slotOwners } from '../core/cluster.ts';
import type { Estimate } from '../plan/estimate.ts';
import { type Plan, steps } from '../plan/plan.ts';
import { bytes, counted, duration, grouped, short } from './units.ts';

/** What a plan does, in one sentence: first the change of shape, then what it costs. */
export function headline(plan: Plan, estimate: Estimate): string {
  if (plan.stages.length === 0) return nothingToDo(plan);
  const changes = shapeChanges(plan);
  const costs = costsOf(plan, estimate);
  const what = changes.length === 0 ? defaultChange(plan) : joined(changes);
  return `${capital(what)}${costs.length === 0 ? '' : `: ${costs.join(', ')}`}`;
}

function nothingToDo({ topology }: Plan): string {
  if (topology.state === 'absent') return 'Nothing to do: the cluster is gone, as declared';
  const { shards, replicasPerShard } = topology;
  const pods = shards.length * (1 + replicasPerShard);
  return `Nothing to do: ${counted(shards.length, 'shard')} × ${counted(replicasPerShard, 'replica')} on ${counted(pods, 'pod')}, as declared`;
}

function shapeChanges(plan: Plan): readonly string[] {
  const { topology, before } = plan;
  if (topology.state === 'absent') return ['deletes the cluster with all its data'];
  const had = slotOwners(before).length;
  const shards = topology.shards.length;
  const perShard = counted(topology.replicasPerShard, 'replica');
  if (had === 0) return [`creates a cluster of ${counted(shards, 'shard')} × ${perShard}`];
  const replicas = before.members.filter((member) => member.joined && member.role === 'replica').length / had;
  const changes: string[] = [];
  if (shards > had) changes.push(`adds ${counted(shards - had, 'shard')}`);
  if (shards < had) changes.push(`removes ${counted(had - shards, 'shard')}`);
  const rounded = Math.round(replicas);
  if (rounded !== topology.replicasPerShard)
    changes.push(`changes replicas per shard from ${rounded} to ${topology.replicasPerShard}`);
  return changes;
}

/** For plans that leave the shape as it is. */
function defaultChange(plan: Plan): string {
  const kinds = new Set(steps(plan).map((step) => step.kind));
  if (kinds.has('repair-slots') || kinds.has('repair-address')) return 'repairs the cluster';
  if (kinds.has('move-slots')) return 'rebalances the shards';
  if (kinds.has('replicate')) return 'places replicas anew';
  if (kinds.has('fail-over')) return 'changes who leads';
  if (kinds.has('delete-volumes')) return 'deletes volumes that are left over';
  return 'brings the pods to what is declared';
}

function costsOf(plan: Plan, estimate: Estimate): readonly string[] {
  const { summary } = estimate;
  const costs: string[] = [];
  if (summary.slotsToMove > 0) {
    const keys = `${short(summary.keysToMove)} keys (${bytes(summary.bytesToMove)})`;
    costs.push(`${grouped(summary.slotsToMove)} of 16,384 slots and ${keys} move`);
  }
  if (summary.fullSyncs > 0) costs.push(counted(summary.fullSyncs, 'full sync'));
  if (summary.failovers > 0) costs.push(counted(summary.failovers, 'failover'));
  if (summary.volumesToDelete > 0) costs.push(`${counted(summary.volumesToDelete, 'volume')} deleted`);
  costs.push(`about ${duration(secondsOf(plan, estimate))}`);
  if (plan.topology.state === 'present' && slotOwners(plan.before).length > 0) costs.push('no downtime');
  return costs;
}

/** Steps of one stage run at the same time. */
export function secondsOf(plan: Plan, estimate: Estimate): number {
  return plan.stages.reduce(
    (sum, stage) => sum + Math.max(...stage.map(({ step }) => estimate.steps.get(step)?.seconds ?? 0)),
    0,
  );
}

function joined(parts: readonly string[]): string {
  return parts.length < 2 ? parts.join('') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
