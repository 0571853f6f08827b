import type { BrokenFile, Declared } from '../core/declared.ts';
import { asFailure } from '../core/failure.ts';
import { inParallel } from '../core/in-parallel.ts';
import type { Topology } from '../core/topology.ts';
import { earlyEndBody } from '../report/early-end.ts';
import { failureLines } from '../report/log.ts';
import { summaryOfRun } from '../report/summary.ts';
import { apply } from './apply.ts';
import type { Desk } from './desk.ts';
import { drift } from './drift.ts';
import { tellRefusal } from './finish.ts';
import { InTurn } from './in-turn.ts';
import { tellLeftBehind } from './left-behind.ts';
import { lineOfFailure } from './lines.ts';
import { isRed, type Outcome, outputsOf, type Refusal, worst } from './outcome.ts';
import { plan } from './plan.ts';
import { type Named, postOnPullRequest } from './post.ts';
import { withoutPlan } from './refused.ts';
import { status } from './status.ts';
import { expectTrust } from './trust.ts';

const COMMANDS = { plan, apply, drift, status } as const;

/** How many clusters are looked at side by side. */
const AT_ONCE = 8;

/**
 * Runs the command for all that the files declare. Where there is no file any more a pull request is told what that means.
 * Throws what `read` throws.
 * @returns whether the run is to end with exit status 1
 */
export async function run(read: () => Promise<Declared>, desk: Desk): Promise<boolean> {
  return eachCluster(await readOrTold(read, desk), desk);
}

async function readOrTold(read: () => Promise<Declared>, desk: Desk): Promise<Declared> {
  try {
    return await read();
  } catch (thrown) {
    if (asFailure(thrown).code === 'topology-not-found') await tellLeftBehind(NOTHING, desk);
    throw thrown;
  }
}

const NOTHING: Declared = { topologies: [], broken: [], unmatched: [] };

/**
 * Runs the command for every cluster, whatever becomes of the others, and gives the outputs and the summary. What changes
 * nothing is done side by side; applies come one after another, so that a mistake in all files meets one cluster first.
 * @returns whether the run is to end with exit status 1
 */
export async function eachCluster(declared: Declared, desk: Desk): Promise<boolean> {
  for (const pattern of declared.unmatched) {
    desk.runner.warning(`No file matches "${pattern}" of the input \`topology\`: correct it, or take it out.`);
  }
  const broken = await Promise.all(declared.broken.map((one) => brokenFile(one, desk)));
  const atOnce = desk.request.command === 'apply' ? 1 : AT_ONCE;
  const inTurn = new InTurn(desk.runner);
  const outcomes = await inParallel(declared.topologies, atOnce, (topology) =>
    inTurn.speak((runner) => oneCluster(topology, { ...desk, runner })),
  );
  const all = [...broken, ...outcomes, ...(await tellLeftBehind(declared, desk))];
  await report(all, desk);
  return all.some(isRed);
}

/** No cluster can be made of it, but what an earlier commit has shown in the pull request must not stay. */
async function brokenFile({ file, failure, mistakes }: BrokenFile, desk: Desk): Promise<Outcome> {
  const { message } = failure;
  for (const line of failureLines(failure)) desk.runner.info(line);
  const whole = { file, line: 1, column: 1, message, value: null, expected: '' };
  desk.runner.annotate(mistakes.length > 0 ? mistakes : [whole]);
  const nameless = { name: file, file };
  const state = { kind: 'refused', failure, plan: null, estimate: null } as const;
  const commentUrl = await tellMistakes(nameless, desk, state);
  return { ...withoutPlan(nameless, desk, failure), report: earlyEndBody(failure), commentUrl };
}

async function tellMistakes(nameless: Named, desk: Desk, state: Refusal): Promise<string | null> {
  if (desk.request.command === 'plan') return postOnPullRequest(nameless, desk, state);
  return desk.request.command === 'apply' ? tellRefusal(nameless, desk, state) : null;
}

async function oneCluster(topology: Topology, desk: Desk): Promise<Outcome> {
  const outcome = await endOf(topology, desk);
  if (outcome.failure === null) return outcome;
  for (const line of failureLines(outcome.failure)) desk.runner.info(line);
  const { message, code } = outcome.failure;
  const line = lineOfFailure(code, topology, desk);
  desk.runner.annotate([{ file: topology.file, line, column: 1, message, value: null, expected: '' }]);
  if (desk.request.command !== 'apply' || outcome.refusal === null) return outcome;
  return { ...outcome, commentUrl: await tellRefusal(topology, desk, outcome.refusal) };
}

async function endOf(topology: Topology, desk: Desk): Promise<Outcome> {
  try {
    if (desk.request.command !== 'plan') await expectTrust(topology, desk);
    return await COMMANDS[desk.request.command](topology, desk);
  } catch (thrown) {
    return withoutPlan(topology, desk, asFailure(thrown));
  }
}

/** Sets every output: those of the worst outcome, but whether any cluster was changed or has drifted; and all of them as JSON. */
async function report(outcomes: readonly Outcome[], { runner }: Desk): Promise<void> {
  const main = worst(outcomes);
  if (main === undefined) return;
  const kept = new Map<Outcome, string>();
  for (const outcome of outcomes) {
    if (outcome.plan === null) continue;
    kept.set(outcome, await runner.keep(`plan-${outcome.cluster}.json`, outcome.plan.json));
  }
  const shown = {
    ...main,
    changed: outcomes.some(({ changed }) => changed),
    drift: outcomes.some((outcome) => outcome.drift),
  };
  for (const [name, value] of Object.entries(outputsOf(shown, kept.get(main) ?? ''))) runner.output(name, value);
  runner.output(
    'clusters',
    JSON.stringify(
      outcomes.map((outcome) => ({
        cluster: outcome.cluster,
        file: outcome.file,
        ...outputsOf(outcome, kept.get(outcome) ?? ''),
      })),
    ),
  );
  await runner.summary(summaryOfRun(outcomes));
}
