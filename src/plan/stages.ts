import type { Cluster } from '../core/cluster.ts';
import { Failure } from '../core/failure.ts';
import { brokenPromises, brokenRules, differences } from '../core/invariants.ts';
import { KINDS, type Step } from '../steps/index.ts';
import type { Target } from '../steps/kind.ts';
import { QUESTIONS, type Question, REPAIRS, RETURNING } from './order.ts';
import type { PlannedStep } from './plan.ts';

export interface Staged {
  readonly stages: readonly (readonly PlannedStep[])[];
  /** The cluster before each stage, and at last the one after all, by thought. */
  readonly states: readonly Cluster[];
}

/**
 * The steps from a cluster to the target, in stages. Algorithm: ask the kinds in order; the first with an answer gives
 * the next stage; apply what that does to the cluster by thought; start again, until nothing is due.
 * Throws Failure `internal-error` where a state on the way breaks a promise, or the end is not the target: then a mistake
 * in this program is found before it does harm.
 */
export function stagesTowards(target: Target, before: Cluster): Staged {
  const staged = stagesBy(QUESTIONS[target.topology.state], target, before);
  checkEnd(staged.states.at(-1) ?? before, target);
  return staged;
}

/** The steps that let pods come back on their volumes, and no more. Throws as stagesTowards does. */
export function stagesOfReturn(target: Target, before: Cluster): Staged {
  return stagesBy(RETURNING, target, before);
}

function stagesBy(questions: readonly Question[], target: Target, before: Cluster): Staged {
  const stages: PlannedStep[][] = [];
  const states = [before];
  // Every pod may be removed, joined, attached, failed over; every pair of shards may need a wave of its own.
  const most = 20 + 6 * (before.pods.length + target.layout.pods.length);
  for (let now = before; ; ) {
    const due = nextStage(questions, now, target);
    if (due === null) return { stages, states };
    if (stages.length === most) throw unending(due.steps);
    const next = due.steps.reduce((cluster, step) => KINDS.after(step, cluster), now);
    checkStage(now, next, due, target);
    stages.push(due.steps.map((step) => ({ step, facts: KINDS.facts(step, now) })));
    states.push(next);
    now = next;
  }
}

/** The cluster as it is when all repairs that are due have been made, by thought. */
export function afterRepairs(cluster: Cluster): Cluster {
  let now = cluster;
  for (let rounds = 0; rounds <= 10 + cluster.members.length; rounds += 1) {
    const due = REPAIRS.map((when) => when(now)).find((steps) => steps.length > 0);
    if (due === undefined) return now;
    now = due.reduce((mended, step) => KINDS.after(step, mended), now);
  }
  return now;
}

/** The cluster before each stage, and at last the one after all. */
export function statesOf(before: Cluster, stages: Staged['stages']): readonly Cluster[] {
  const states = [before];
  for (const stage of stages) {
    states.push(stage.reduce((cluster, { step }) => KINDS.after(step, cluster), states.at(-1) ?? before));
  }
  return states;
}

interface Due {
  readonly steps: readonly Step[];
  readonly lowersRedundancy: boolean;
}

function nextStage(questions: readonly Question[], now: Cluster, target: Target): Due | null {
  for (const { when, lowersRedundancy } of questions) {
    const steps = when(now, target);
    if (steps.length > 0) return { steps, lowersRedundancy: lowersRedundancy === true };
  }
  return null;
}

function checkStage(before: Cluster, after: Cluster, due: Due, { topology }: Target): void {
  if (topology.state === 'absent') return;
  const broken = brokenPromises(before, after, topology.replicasPerShard);
  const known = new Set(brokenRules(before));
  const mistakes = [
    ...brokenRules(after).filter((rule) => !known.has(rule)),
    ...broken.hard,
    ...(due.lowersRedundancy ? [] : broken.redundancy),
  ];
  if (mistakes.length > 0) throw mistaken('breaks a promise', due.steps, mistakes);
}

function checkEnd(end: Cluster, { topology, layout }: Target): void {
  if (topology.state === 'absent') return;
  const left = differences(end, layout);
  if (left.length > 0) throw mistaken('does not reach what is declared', [], left);
}

function unending(steps: readonly Step[]): Failure {
  return mistaken('does not come to an end', steps, []);
}

function mistaken(what: string, steps: readonly Step[], details: readonly string[]): Failure {
  const at = steps.length === 0 ? '' : ` at "${steps.map((step) => KINDS.words(step)).join('; ')}"`;
  return new Failure('internal-error', `Cannot plan: the plan ${what}${at}.`, {
    remedy: 'Nothing was changed. Please open an issue with the output of status.',
    details,
  });
}
