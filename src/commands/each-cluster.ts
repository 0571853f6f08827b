import { asFailure } from '../core/failure.ts';
import { inParallel } from '../core/in-parallel.ts';
import type { Topology } from '../core/topology.ts';
import { failureLines } from '../report/log.ts';
import { apply } from './apply.ts';
import type { Desk } from './desk.ts';
import { drift } from './drift.ts';
import { InTurn } from './in-turn.ts';
import { tellLeftBehind } from './left-behind.ts';
import { lineOfFailure } from './lines.ts';
import { isRed, type Outcome, worst } from './outcome.ts';
import { plan } from './plan.ts';
import { withoutPlan } from './refused.ts';
import { status } from './status.ts';
import { expectTrust } from './trust.ts';

const COMMANDS = { plan, apply, drift, status } as const;

/** How many clusters are looked at side by side. */
const AT_ONCE = 8;

/**
 * Runs the command for every cluster, whatever becomes of the others, and gives the outputs and the summary. What changes
 * nothing is done side by side; applies come one after another, so that a mistake in all files meets one cluster first.
 * @returns whether the run is to end with exit status 1
 */
export async function eachCluster(topologies: readonly Topology[], desk: Desk): Promise<boolean> {
  const atOnce = desk.request.command === 'apply' ? 1 : AT_ONCE;
  const inTurn = new InTurn(desk.runner);
  const outcomes = await inParallel(topologies, atOnce, (topology) =>
    inTurn.speak((runner) => oneCluster(topology, { ...desk, runner })),
  );
  const all = [...outcomes, ...(await tellLeftBehind(topologies, desk))];
  await report(all, desk);
  return outcomes.some((outcome) => isRed(outcome, desk.request.failOnDrift));
}

async function oneCluster(topology: Topology, desk: Desk): Promise<Outcome> {
  const outcome = await endOf(topology, desk);
  if (outcome.failure === null) return outcome;
  for (const line of failureLines(outcome.failure)) desk.runner.info(line);
  const { message, code } = outcome.failure;
  const line = lineOfFailure(code, topology, desk);
  desk.runner.annotate([{ file: topology.file, line, column: 1, message, value: null, expected: '' }]);
  return outcome;
}

async function endOf(topology: Topology, desk: Desk): Promise<Outcome> {
  try {
    if (desk.request.command !== 'plan') await expectTrust(topology, desk);
    return await COMMANDS[desk.request.command](topology, desk);
  } catch (thrown) {
    return withoutPlan(topology, desk, asFailure(thrown));
  }
}

/** Sets every output: those of the worst outcome, and all of them as JSON. */
async function report(outcomes: readonly Outcome[], { runner }: Desk): Promise<void> {
  const main = worst(outcomes);
  if (main === undefined) return;
  const kept = new Map<Outcome, string>();
  for (const outcome of outcomes) {
    if (outcome.plan === null) continue;
    kept.set(outcome, await runner.keep(`plan-${outcome.cluster}.json`, outcome.plan.json));
  }
  for (const [name, value] of Object.entries(outputsOf(main, kept))) runner.output(name, value);
  runner.output(
    'clusters',
    JSON.stringify(
      outcomes.map((outcome) => ({ cluster: outcome.cluster, file: outcome.file, ...outputsOf(outcome, kept) })),
    ),
  );
  await runner.summary(outcomes.map((outcome) => outcome.report).join('\n\n---\n\n'));
}

function outputsOf(outcome: Outcome, kept: ReadonlyMap<Outcome, string>) {
  return {
    result: outcome.result,
    changed: String(outcome.changed),
    drift: String(outcome.drift),
    'plan-hash': outcome.plan?.hash ?? '',
    'plan-file': kept.get(outcome) ?? '',
    summary: outcome.summary,
    'comment-url': outcome.commentUrl ?? '',
    'issue-url': outcome.issueUrl ?? '',
    'failure-reason': outcome.failure?.code ?? '',
  };
}
