import { wayBetween } from '../core/capabilities.ts';
import { memberOf } from '../core/cluster.ts';
import type { Step, StepKindName } from '../steps/index.ts';
import { fullSyncs } from './full-syncs.ts';
import type { Plan } from './plan.ts';
import { statesOf } from './stages.ts';

/** What a plan costs, as well as can be said before. Shown only: it never enters the hash nor steers apply. */
export interface Estimate {
  readonly summary: Summary;
  /** For each step of the plan, in the plan's order. */
  readonly steps: ReadonlyMap<Step, Cost>;
}

export interface Summary {
  readonly slotsToMove: number;
  readonly keysToMove: number;
  readonly bytesToMove: number;
  readonly failovers: number;
  readonly fullSyncs: number;
  readonly podsToAdd: number;
  readonly podsToRemove: number;
  readonly volumesToDelete: number;
}

export interface Cost {
  readonly keys: number;
  /** Bytes that go over the network. */
  readonly bytes: number;
  readonly seconds: number;
}

/**
 * Rough rates of classic migration from one donor, measured on two cores over loopback: 250,000 keys of 100 bytes in about
 * two seconds; big values are bound by bytes; 4,096 empty slots take 0.4 s. A full sync is bound by bytes too.
 */
const KEYS_PER_SECOND = 100_000;
const BYTES_PER_SECOND = 60_000_000;
const SLOTS_PER_SECOND = 10_000;
/** Of jobs of the servers themselves: 250,000 keys in 0.7 s, bytes as fast as by MIGRATE. */
const KEYS_PER_SECOND_BY_JOBS = 350_000;

/** Seconds that hang on no data: gossip, an image and a volume for a new pod, the grace period of one that goes. */
const SECONDS: Readonly<Record<StepKindName, number>> = {
  'apply-manifests': 1,
  scale: 1,
  'wait-for-pods': 60,
  'repair-address': 1,
  'repair-slots': 1,
  join: 3,
  'assign-slots': 1,
  'fail-over': 1,
  replicate: 1,
  'move-slots': 0,
  remove: 2,
  forget: 2,
  'delete-volumes': 1,
  'delete-resources': 30,
};

/** A scale that takes pods away waits until they are gone. */
const PODS_GONE = 30;

/**
 * @param counts keys in the slots of each move-slots step, as counted on the donors; a step that is not in it is taken to
 *   move its share of the donor's keys
 */
export function estimate(plan: Plan, counts: ReadonlyMap<Step, number>): Estimate {
  const states = statesOf(plan.before, plan.stages);
  const syncs = new Map<Step, number>(fullSyncs(plan.stages, states).map(({ step, bytes }) => [step, bytes]));
  const costs = plan.stages.flatMap((stage, i) =>
    stage.map(({ step }): readonly [Step, Cost] => {
      if (step.kind === 'move-slots') {
        const from = memberOf(states[i] ?? plan.before, step.from)?.facts;
        const left = memberOf(states[i + 1] ?? plan.after, step.from)?.facts;
        const keys = counts.get(step) ?? Math.max(0, (from?.keys ?? 0) - (left?.keys ?? 0));
        return [step, moveCost(step.count, keys, { from, keysPerSecond: rateOf(step, plan) })];
      }
      return [step, otherCost(step, syncs.get(step) ?? 0)];
    }),
  );
  return { summary: summaryOf(plan, costs, syncs.size), steps: new Map(costs) };
}

/** A pod yet to come is taken to be able to what the donor can. */
function rateOf({ from, to }: { readonly from: string; readonly to: string }, { topology, before }: Plan): number {
  const donor = memberOf(before, from);
  const isByJobs =
    donor !== undefined &&
    topology.migration.method !== 'classic' &&
    wayBetween(donor, memberOf(before, to) ?? donor).kind === 'atomic';
  return isByJobs ? KEYS_PER_SECOND_BY_JOBS : KEYS_PER_SECOND;
}

interface Rated {
  readonly from: { readonly keys: number; readonly dataset: number } | undefined;
  readonly keysPerSecond: number;
}

function moveCost(slots: number, keys: number, { from, keysPerSecond }: Rated): Cost {
  const bytes = from === undefined || from.keys === 0 ? 0 : Math.round((keys * from.dataset) / from.keys);
  const seconds = slots / SLOTS_PER_SECOND + Math.max(keys / keysPerSecond, bytes / BYTES_PER_SECOND);
  return { keys, bytes, seconds };
}

function otherCost(step: Step, bytes: number): Cost {
  const isShrinking = step.kind === 'scale' && step.to < step.from;
  return { keys: 0, bytes, seconds: (isShrinking ? PODS_GONE : SECONDS[step.kind]) + bytes / BYTES_PER_SECOND };
}

function summaryOf(plan: Plan, costs: readonly (readonly [Step, Cost])[], syncs: number): Summary {
  let [slots, keys, bytes, failovers, volumes] = [0, 0, 0, 0, 0];
  for (const [step, cost] of costs) {
    if (step.kind === 'move-slots') {
      slots += step.count;
      keys += cost.keys;
      bytes += cost.bytes;
    }
    if (step.kind === 'fail-over') failovers += 1;
    if (step.kind === 'delete-volumes') volumes += step.volumes.length;
  }
  const more = (plan.after.workload?.replicas ?? 0) - (plan.before.workload?.replicas ?? 0);
  return {
    slotsToMove: slots,
    keysToMove: keys,
    bytesToMove: bytes,
    failovers,
    fullSyncs: syncs,
    podsToAdd: Math.max(0, more),
    podsToRemove: Math.max(0, -more),
    volumesToDelete: volumes,
  };
}
