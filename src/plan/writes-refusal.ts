import type { Cluster } from '../core/cluster.ts';
import { Failure } from '../core/failure.ts';
import { brokenPromises } from '../core/invariants.ts';
import { listed } from '../core/wording.ts';
import { KINDS } from '../steps/index.ts';
import type { Danger, Plan } from './plan.ts';

type Parts = Pick<Plan, 'topology' | 'before' | 'layout' | 'stages'>;

/** Why servers would refuse what clients write once a plan is carried out, or what moves write; null when none would. */
export function writesRefusal(plan: Parts): Failure | null {
  if (plan.topology.state === 'absent') return null;
  return tooFewDeclared(plan) ?? unwritable(plan);
}

/**
 * Primaries that refuse writes already, beside a plan that may not mend it; and those that will while a replica that they need is
 * replaced, which takes as long as a copy of the shard.
 * @param states the cluster before each stage, and after the last
 */
export function refusedWrites({ before, stages }: Parts, states: readonly Cluster[]): readonly Danger[] {
  const found = before.findings.filter(({ code, weight }) => code === 'writes-refused' && weight === 'differs');
  const texts = [...found.map(({ text }) => text), ...refusedMeanwhile(before, stages, states)];
  return texts.map((text) => ({ code: 'writes-refused', text, needs: null }));
}

function refusedMeanwhile(before: Cluster, stages: Plan['stages'], states: readonly Cluster[]): readonly string[] {
  const most = neededBy(before.members.map(({ facts }) => facts.minReplicas));
  if (most === 0) return [];
  return stages.flatMap((stage, i) => {
    const lacks = brokenPromises(states[i] ?? before, states[i + 1] ?? before, most).redundancy;
    const words = stage.map(({ step }) => KINDS.words(step)).join('; ');
    return lacks.map(
      (lack) =>
        `${lack} without which it refuses writes (\`min-replicas-to-write\`), after "${words}" until the next is in step.`,
    );
  });
}

/** Any pod may lead its shard some day. */
function tooFewDeclared({ topology, before, layout }: Parts): Failure | null {
  const declared = topology.replicasPerShard;
  const staying = new Set(layout.pods);
  const asking = before.members.filter(({ pod, facts }) => staying.has(pod) && (facts.minReplicas ?? 0) > declared);
  if (asking.length === 0) return null;
  const most = neededBy(asking.map(({ facts }) => facts.minReplicas));
  const details = Array.from(
    Map.groupBy(asking, ({ facts }) => facts.minReplicas),
    ([needed, members]) => `\`min-replicas-to-write\` asks for ${needed} on ${listed(members.map(({ pod }) => pod))}.`,
  );
  return new Failure(
    'too-few-replicas',
    `Cannot make the cluster as declared: with ${replicas(declared)} for each shard servers would refuse every write (NOREPLICAS), for they take none with fewer than ${most} in step.`,
    {
      remedy: `Declare \`replicasPerShard: ${most}\` or more, or first lower \`min-replicas-to-write\` on every server (CONFIG SET, and in the configuration).`,
      details,
    },
  );
}

/** Donors delete keys and receivers store them: either is a write. */
function unwritable({ before, stages }: Parts): Failure | null {
  const moving = new Set(stages.flat().flatMap(({ step }) => (step.kind === 'move-slots' ? [step.from, step.to] : [])));
  const found = before.findings.filter(
    ({ code, weight, about, pods }) =>
      code === 'writes-refused' && weight === 'differs' && about === 'disk' && pods.some((pod) => moving.has(pod)),
  );
  const [first] = found;
  if (first === undefined) return null;
  return new Failure('cluster-unhealthy', `Cannot move the slots as declared: ${first.text}`, {
    remedy: first.remedy,
    details: found.map(({ text, remedy }) => `${text} ${remedy}`),
  });
}

function neededBy(numbers: readonly (number | undefined)[]): number {
  return Math.max(0, ...numbers.map((needed) => needed ?? 0));
}

function replicas(n: number): string {
  return n === 1 ? '1 replica' : `${n === 0 ? 'no' : n} replicas`;
}
