import { slotOwners } from '../core/cluster.ts';
import { isDifference } from '../core/findings.ts';
import { podCount, type Topology } from '../core/topology.ts';
import { type Estimate, secondsOf } from '../plan/estimate.ts';
import { type DangerCode, type Plan, steps } from '../plan/plan.ts';
import type { StepKindName } from '../steps/index.ts';
import { about, bytes, counted, grouped, short } from './units.ts';

/** What a plan does, in one sentence: first the change of shape, then what it costs, and how long it will take. */
export function headline(plan: Plan, estimate: Estimate): string {
  return sentence(plan, 'to come', [...costsOf(estimate, 'move'), timeOf(plan, estimate), ...promisesOf(plan)]);
}

/** The same for a plan that was carried out. */
export function deed(plan: Plan, estimate: Estimate): string {
  return sentence(plan, 'done', costsOf(estimate, 'moved'));
}

/** A verb of now, and of what was done. */
type Tense = 'to come' | 'done';
type Verb = readonly [string, string];

function inTense([now, then]: Verb, tense: Tense): string {
  return tense === 'to come' ? now : then;
}

function sentence(plan: Plan, tense: Tense, costs: readonly string[]): string {
  if (plan.stages.length === 0) return nothingToDo(plan);
  const changes = shapeChanges(plan);
  const what =
    changes.length === 0
      ? changeWithin(plan, tense)
      : joined(changes.map(({ verb, what: object }) => `${inTense(verb, tense)} ${object}`));
  return `${capital(what)}${costs.length === 0 ? '' : `: ${costs.join(', ')}`}`;
}

function nothingToDo({ topology, before }: Plan): string {
  if (before.findings.some(isDifference)) return 'Nothing to do, and yet the cluster is not as declared';
  if (topology.state === 'absent') return 'Nothing to do: the cluster is gone, as declared';
  return `Nothing to do: the cluster is as declared, ${shapeOf(topology)}`;
}

/** 3 shards × 1 replica on 6 pods */
export function shapeOf(topology: Topology): string {
  const shards = counted(topology.shards.length, 'shard');
  return `${shards} × ${counted(topology.replicasPerShard, 'replica')} on ${counted(podCount(topology), 'pod')}`;
}

interface Change {
  readonly verb: Verb;
  readonly what: string;
}

const ADDS: Verb = ['adds', 'added'];
const REMOVES: Verb = ['removes', 'removed'];

const BRINGS: Verb = ['brings', 'brought'];

function shapeChanges({ topology, before, returning }: Plan): readonly Change[] {
  if (returning.length > 0) {
    const volumes = returning.length === 1 ? 'its volume' : 'their volumes';
    return [{ verb: BRINGS, what: `${counted(returning.length, 'pod')} back with ${volumes}` }];
  }
  if (topology.state === 'absent') return [{ verb: ['deletes', 'deleted'], what: 'the cluster with all its data' }];
  const had = slotOwners(before).length;
  const shards = topology.shards.length;
  if (had === 0) return [{ verb: ['creates', 'created'], what: `a cluster of ${shapeOf(topology)}` }];
  const replicas = before.members.filter((member) => member.joined && member.role === 'replica').length;
  const perShard = Math.round(replicas / had);
  const ofReplicas = `replicas, ${perShard} → ${topology.replicasPerShard} per shard`;
  const changes: Change[] = [];
  if (shards > had) changes.push({ verb: ADDS, what: counted(shards - had, 'shard') });
  if (shards < had) changes.push({ verb: REMOVES, what: counted(had - shards, 'shard') });
  if (perShard < topology.replicasPerShard) changes.push({ verb: ADDS, what: ofReplicas });
  if (perShard > topology.replicasPerShard) changes.push({ verb: REMOVES, what: ofReplicas });
  return changes;
}

/** Kind of step → what a plan that leaves the shape as it is does by it; the first that occurs names it. */
const WITHIN: readonly (readonly [StepKindName, Verb, string])[] = [
  ['repair-slots', ['ends', 'ended'], 'an interrupted move of slots'],
  ['repair-address', ['lets', 'let'], 'the members meet again at new addresses'],
  ['assign-slots', ['gives', 'gave'], 'slots without an owner to primaries'],
  ['move-slots', ['rebalances', 'rebalanced'], 'the shards'],
  ['fail-over', ['changes', 'changed'], 'which pods are primaries'],
  ['replicate', ['places', 'placed'], 'replicas anew'],
  ['join', ['lets', 'let'], 'pods join the cluster'],
  ['forget', ['forgets', 'forgot'], 'nodes that are gone'],
  ['remove', REMOVES, 'pods from the cluster'],
  ['delete-volumes', ['deletes', 'deleted'], 'volumes that are left over'],
  ['scale', BRINGS, 'the number of pods to what is declared'],
];

function changeWithin(plan: Plan, tense: Tense): string {
  const kinds = new Set(steps(plan).map((step) => step.kind));
  const [, verb, what] = WITHIN.find(([kind]) => kinds.has(kind)) ?? [null, ['waits', 'waited'] as const, 'for pods'];
  return `${inTense(verb, tense)} ${what}`;
}

function costsOf({ summary }: Estimate, move: 'move' | 'moved'): readonly string[] {
  const costs: string[] = [];
  if (summary.slotsToMove > 0) {
    const keys =
      summary.keysToMove === 0 ? 'no keys' : `${short(summary.keysToMove)} keys (${bytes(summary.bytesToMove)})`;
    costs.push(`${grouped(summary.slotsToMove)} of 16,384 slots and ${keys} ${move}`);
  }
  if (summary.fullSyncs > 0) costs.push(counted(summary.fullSyncs, 'full sync'));
  if (summary.failovers > 0) costs.push(counted(summary.failovers, 'failover'));
  if (summary.volumesToDelete > 0) costs.push(`${counted(summary.volumesToDelete, 'volume')} deleted`);
  return costs;
}

/** How long it takes, and with what most of that is spent where it is not the cluster's own work. */
function timeOf(plan: Plan, estimate: Estimate): string {
  const waits = plan.stages.flat().filter(({ step }) => step.kind === 'wait-for-pods');
  const waiting = waits.reduce((sum, { step }) => sum + (estimate.steps.get(step)?.seconds ?? 0), 0);
  const seconds = secondsOf(plan, estimate);
  return `${about(seconds)}${waiting * 2 > seconds ? ', mostly for pods to start' : ''}`;
}

/** What makes `no downtime` a half truth: what can go wrong while it is carried out, or from then on. */
const NO_PROMISE: readonly DangerCode[] = [
  'writes-refused',
  'placement-not-kept',
  'redundancy-lowered',
  'memory-tight',
  'evicting-policy',
];

/** All slots have their owner from the first step to the last. */
function promisesOf(plan: Plan): readonly string[] {
  if (plan.topology.state === 'absent' || slotOwners(plan.before).length === 0) return [];
  const kinds = new Set(steps(plan).map((step) => step.kind));
  if (kinds.has('assign-slots') || kinds.has('repair-address') || plan.returning.length > 0) return [];
  if (kinds.has('fail-over')) return ['writes pause for milliseconds'];
  return plan.dangers.some(({ code }) => NO_PROMISE.includes(code)) ? [] : ['no downtime'];
}

/** a, b and c */
export function joined(parts: readonly string[]): string {
  return parts.length < 2 ? parts.join('') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`;
}

export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
