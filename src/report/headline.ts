import { slotOwners } from '../core/cluster.ts';
import { podCount, type Topology } from '../core/topology.ts';
import type { Estimate } from '../plan/estimate.ts';
import { type Plan, steps } from '../plan/plan.ts';
import type { StepKindName } from '../steps/index.ts';
import { about, bytes, counted, grouped, short } from './units.ts';

/** What a plan does, in one sentence: first the change of shape, then what it costs, and how long it will take. */
export function headline(plan: Plan, estimate: Estimate): string {
  return sentence(plan, [...costsOf(estimate), about(secondsOf(plan, estimate)), ...promisesOf(plan)]);
}

/** The same for a plan that was carried out. */
export function deed(plan: Plan, estimate: Estimate): string {
  return sentence(plan, costsOf(estimate));
}

function sentence(plan: Plan, costs: readonly string[]): string {
  if (plan.stages.length === 0) return nothingToDo(plan);
  const changes = shapeChanges(plan);
  const what = changes.length === 0 ? changeWithin(plan) : joined(changes);
  return `${capital(what)}${costs.length === 0 ? '' : `: ${costs.join(', ')}`}`;
}

function nothingToDo({ topology }: Plan): string {
  if (topology.state === 'absent') return 'Nothing to do: the cluster is gone, as declared';
  return `Nothing to do: the cluster is as declared, ${shapeOf(topology)}`;
}

/** 3 shards × 1 replica on 6 pods */
function shapeOf(topology: Topology): string {
  const shards = counted(topology.shards.length, 'shard');
  return `${shards} × ${counted(topology.replicasPerShard, 'replica')} on ${counted(podCount(topology), 'pod')}`;
}

function shapeChanges({ topology, before }: Plan): readonly string[] {
  if (topology.state === 'absent') return ['deletes the cluster with all its data'];
  const had = slotOwners(before).length;
  const shards = topology.shards.length;
  if (had === 0) return [`creates a cluster of ${shapeOf(topology)}`];
  const replicas = before.members.filter((member) => member.joined && member.role === 'replica').length;
  const perShard = Math.round(replicas / had);
  const changes: string[] = [];
  if (shards > had) changes.push(`adds ${counted(shards - had, 'shard')}`);
  if (shards < had) changes.push(`removes ${counted(had - shards, 'shard')}`);
  if (perShard < topology.replicasPerShard)
    changes.push(`adds replicas, ${perShard} → ${topology.replicasPerShard} per shard`);
  if (perShard > topology.replicasPerShard)
    changes.push(`removes replicas, ${perShard} → ${topology.replicasPerShard} per shard`);
  return changes;
}

/** Kind of step → what a plan that leaves the shape as it is does by it; the first that occurs names it. */
const WITHIN: readonly (readonly [StepKindName, string])[] = [
  ['repair-slots', 'ends an interrupted move of slots'],
  ['repair-address', 'lets the members meet again at new addresses'],
  ['assign-slots', 'gives slots without an owner to primaries'],
  ['move-slots', 'rebalances the shards'],
  ['fail-over', 'changes which pods are primaries'],
  ['replicate', 'places replicas anew'],
  ['join', 'lets pods join the cluster'],
  ['forget', 'forgets nodes that are gone'],
  ['remove', 'removes pods from the cluster'],
  ['delete-volumes', 'deletes volumes that are left over'],
  ['scale', 'brings the number of pods to what is declared'],
];

function changeWithin(plan: Plan): string {
  const kinds = new Set(steps(plan).map((step) => step.kind));
  return WITHIN.find(([kind]) => kinds.has(kind))?.[1] ?? 'waits for pods';
}

function costsOf({ summary }: Estimate): readonly string[] {
  const costs: string[] = [];
  if (summary.slotsToMove > 0) {
    const keys =
      summary.keysToMove === 0 ? 'no keys' : `${short(summary.keysToMove)} keys (${bytes(summary.bytesToMove)})`;
    costs.push(`${grouped(summary.slotsToMove)} of 16,384 slots and ${keys} move`);
  }
  if (summary.fullSyncs > 0) costs.push(counted(summary.fullSyncs, 'full sync'));
  if (summary.failovers > 0) costs.push(counted(summary.failovers, 'failover'));
  if (summary.volumesToDelete > 0) costs.push(`${counted(summary.volumesToDelete, 'volume')} deleted`);
  return costs;
}

/** All slots have their owner from the first step to the last. */
function promisesOf(plan: Plan): readonly string[] {
  if (plan.topology.state === 'absent' || slotOwners(plan.before).length === 0) return [];
  const isCut = steps(plan).some((step) => step.kind === 'assign-slots' || step.kind === 'repair-address');
  return isCut ? [] : ['no downtime'];
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
