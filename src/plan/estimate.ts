import { memberOf } from '../core/cluster.ts';
import { isHot } from '../core/hot-slots.ts';
import type { Step, StepKindName } from '../steps/index.ts';
import type { MoveSlots } from '../steps/move-slots/shape.ts';
import { fullSyncs } from './full-syncs.ts';
import type { Plan } from './plan.ts';
import { statesOf } from './stages.ts';
import { commandFor } from './way-of-move.ts';

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

/** What was counted of one move. */
export interface Counted {
  /** Slot → how many keys it holds; slots without any are left out. */
  readonly keys: ReadonlyMap<number, number>;
  /** Of all that the donor holds, the part that these slots take; null: by the keys. */
  readonly share: number | null;
}

/**
 * Rough rates of classic migration from one donor, measured on two cores over loopback: 250,000 keys of 100 bytes in about
 * two seconds; big values are bound by bytes; 4,096 empty slots take 0.4 s. A full sync is bound by bytes too.
 */
const KEYS_PER_SECOND = 100_000;
const BYTES_PER_SECOND = 60_000_000;
const SLOTS_PER_SECOND = 10_000;
/** Of jobs of the servers themselves: 250,000 keys in 0.6 s (Redis) and 1.1 s (Valkey), bytes as fast as by MIGRATE. */
const KEYS_PER_SECOND_BY_JOBS = 250_000;

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
 * @param counts what the slots of each move-slots step hold, as counted on the donors; a step that is not in it is taken to
 *   move its share of the donor's keys
 */
export function estimate(plan: Plan, counts: ReadonlyMap<Step, Counted>): Estimate {
  const states = statesOf(plan.before, plan.stages);
  const syncs = new Map<Step, number>(fullSyncs(plan.stages, states).map(({ step, bytes }) => [step, bytes]));
  const costs = plan.stages.flatMap((stage, i) =>
    stage.map(({ step }): readonly [Step, Cost] => {
      if (step.kind === 'move-slots') {
        const from = memberOf(states[i] ?? plan.before, step.from)?.facts;
        const left = memberOf(states[i + 1] ?? plan.after, step.from)?.facts;
        const counted = counts.get(step);
        const keys =
          counted === undefined ? [Math.max(0, (from?.keys ?? 0) - (left?.keys ?? 0))] : counted.keys.values();
        return [
          step,
          moveCost(step, [...keys], { plan, from, share: counted?.share ?? null, isCounted: counted !== undefined }),
        ];
      }
      return [step, otherCost(step, syncs.get(step) ?? 0)];
    }),
  );
  return { summary: summaryOf(plan, costs, syncs.size), steps: new Map(costs) };
}

/** Seconds that the whole plan takes: steps of one stage run at the same time, but for jobs that share a server, which take turns. */
export function secondsOf(plan: Plan, { steps }: Pick<Estimate, 'steps'>): number {
  return plan.stages.reduce((sum, stage) => {
    const inTurns = new Map<string, number>();
    const costs = stage.map(({ step }) => {
      const seconds = steps.get(step)?.seconds ?? 0;
      if (step.kind === 'move-slots' && commandFor(step, plan) !== null) {
        for (const pod of [step.from, step.to]) inTurns.set(pod, (inTurns.get(pod) ?? 0) + seconds);
      }
      return seconds;
    });
    return sum + Math.max(...costs, ...inTurns.values());
  }, 0);
}

interface Moved {
  readonly plan: Plan;
  readonly from: { readonly keys: number; readonly dataset: number } | undefined;
  readonly share: number | null;
  /** Whether the keys are those of single slots. */
  readonly isCounted: boolean;
}

function moveCost(step: MoveSlots, keysOfSlots: readonly number[], { plan, from, share, isCounted }: Moved): Cost {
  const keys = keysOfSlots.reduce((sum, n) => sum + n, 0);
  const bytes = share === null ? bytesOf(keys, from) : share * (memberOf(plan.before, step.from)?.facts.dataset ?? 0);
  const command = commandFor(step, plan);
  const { method, maxLatency } = plan.topology.migration;
  const goesByKey = (n: number): boolean =>
    command === null || (isCounted && method === 'auto' && isHot(n, command, maxLatency));
  const byKey = keysOfSlots.reduce((sum, n) => sum + (goesByKey(n) ? n : 0), 0);
  const forKeys = byKey / KEYS_PER_SECOND + (keys - byKey) / KEYS_PER_SECOND_BY_JOBS;
  return {
    keys,
    bytes: Math.round(bytes),
    seconds: step.count / SLOTS_PER_SECOND + Math.max(forKeys, bytes / BYTES_PER_SECOND),
  };
}

function bytesOf(keys: number, from: Moved['from']): number {
  return from === undefined || from.keys === 0 ? 0 : (keys * from.dataset) / from.keys;
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
