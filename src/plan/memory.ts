import type { Member } from '../core/cluster.ts';
import { Failure } from '../core/failure.ts';
import { grouped } from '../core/wording.ts';
import type { Step } from '../steps/index.ts';
import type { Cost } from './estimate.ts';
import { type Plan, steps } from './plan.ts';

/** What a receiver of slots will hold, against what it may. Bytes. */
export interface MemoryNeed {
  readonly pod: string;
  readonly needed: number;
  readonly limit: number;
}

type Parts = Pick<Plan, 'before' | 'stages' | 'after'>;

/**
 * The receivers whose limit is known, by ordinal. Needed is what is used now and the share of the donors' data that
 * comes. A pod yet to come is taken to have the limits of the others.
 * @param costs of moves whose keys have been counted; without them data is taken to lie evenly in the donors' slots
 */
export function memoryNeeds(plan: Parts, costs?: ReadonlyMap<Step, Cost>): readonly MemoryNeed[] {
  const moves = steps(plan).filter((step) => step.kind === 'move-slots');
  const receivers = new Set(moves.map(({ to }) => to));
  const before = new Map(plan.before.members.map((member) => [member.pod, member]));
  const containers = new Map(plan.before.pods.map((pod) => [pod.name, pod.memoryLimit ?? 0]));
  const limitOf = (member: Member): number => smallest([member.facts.maxMemory, containers.get(member.pod) ?? 0]);
  const usual = smallest(plan.before.members.map(limitOf));
  return plan.after.members
    .filter((member) => receivers.has(member.pod))
    .map((member) => {
      const now = before.get(member.pod);
      const coming =
        costs === undefined
          ? Math.max(0, member.facts.dataset - (now?.facts.dataset ?? 0))
          : moves.reduce((sum, step) => sum + (step.to === member.pod ? (costs.get(step)?.bytes ?? 0) : 0), 0);
      const limit = now === undefined ? usual : limitOf(now);
      return { pod: member.pod, needed: (now?.facts.memory ?? 0) + coming, limit };
    })
    .filter((need) => Number.isFinite(need.limit));
}

/** A receiver that cannot hold what it is to get; null when all can, as far as is known. */
export function memoryRefusal(plan: Parts, costs?: ReadonlyMap<Step, Cost>): Failure | null {
  const short = memoryNeeds(plan, costs).filter((need) => need.needed > need.limit);
  if (short.length === 0) return null;
  return new Failure(
    'not-enough-memory',
    `Cannot move the slots as declared: ${short.map(memoryWords).join('; ')}. Writes there would fail in the middle.`,
    { remedy: 'Raise `maxmemory` and the memory limit of the pods, or declare more shards.' },
  );
}

/** `redis-cluster-0 would hold 1.2 GB of 1 GB` */
export function memoryWords({ pod, needed, limit }: MemoryNeed): string {
  return `${pod} would hold about ${megabytes(needed)} of ${megabytes(limit)}`;
}

/** The smallest of the limits that are set; infinity where none is. */
function smallest(limits: readonly number[]): number {
  return limits.filter((limit) => limit > 0).reduce((least, limit) => Math.min(least, limit), Number.POSITIVE_INFINITY);
}

function megabytes(bytes: number): string {
  return `${grouped(bytes / 1_000_000)} MB`;
}
