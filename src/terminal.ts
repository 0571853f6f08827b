import { randomUUID } from 'node:crypto';
import { readInputs } from './adapters/actions/inputs.ts';
import { readOccasion } from './adapters/actions/occasion.ts';
import { Secrets } from './adapters/actions/secrets.ts';
import { systemClock } from './adapters/process/clock.ts';
import { lastResort } from './adapters/process/last-resort.ts';
import { stopSignal } from './adapters/process/stop.ts';
import { type Call, HELP, readArguments } from './adapters/terminal/arguments.ts';
import { documentOf } from './adapters/terminal/document.ts';
import { isAgreed } from './adapters/terminal/question.ts';
import { type TerminalRunner, terminalRunner } from './adapters/terminal/runner.ts';
import { readTopologies } from './adapters/topology/read-all.ts';
import { eachCluster } from './commands/each-cluster.ts';
import type { Declared } from './core/declared.ts';
import { asFailure, Failure } from './core/failure.ts';
import type { Occasion, Request } from './core/request.ts';
import type { Topology } from './core/topology.ts';
import { reachCluster } from './reach.ts';
import { failureLines } from './report/log.ts';

type Run = Extract<Call, { kind: 'run' }>;

/** The commands of the action for somebody at a terminal. Returns the exit status; a failure is told on standard error. */
export async function runAtTerminal(args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const secrets = new Secrets({});
  const tell = (failure: Failure): boolean =>
    process.stderr.write(`${secrets.redact(failureLines(failure).join('\n'))}\n`);
  lastResort(tell);
  try {
    return await main(args, env, secrets);
  } catch (thrown) {
    tell(asFailure(thrown));
    return 1;
  }
}

async function main(args: readonly string[], env: NodeJS.ProcessEnv, secrets: Secrets): Promise<number> {
  const call = readArguments(args, env);
  if (call.kind === 'help') {
    process.stdout.write(HELP);
    return 0;
  }
  const stream = call.json ? process.stderr : process.stdout;
  const redact = (text: string): string => secrets.redact(text);
  const runnerFor = (command: Request['command']): TerminalRunner =>
    terminalRunner({ stream, redact, summary: command === 'plan' });
  const occasion = readOccasion({});
  const request = requestOf(call, env, occasion, secrets);
  using stop = stopSignal(request.timeout);
  const workspace = process.cwd();
  const desk = {
    request,
    occasion,
    github: null,
    clock: systemClock,
    lockToken: randomUUID(),
    stop: stop.signal,
    reach: (topology: Topology) => reachCluster(topology, request, { env, workspace }),
    files: {
      declaredAt: async () => ({ kind: 'none' }) as const,
      isTopology: () => false,
      topologyOf: () => null,
      lineOf: () => 1,
    },
  };
  const declared = await readTopologies(workspace, request.topology);
  const ended: TerminalRunner[] = [];
  const run: RunFor = async (those, asked) => {
    const runner = runnerFor(asked.command);
    const isRed = await eachCluster(those, { ...desk, runner, request: asked });
    return { isRed, runner };
  };
  try {
    return Number(await runAll(declared, call, { request, run, stop: stop.signal, ended }));
  } finally {
    // Also of those before the one at which it was stopped.
    if (call.json) process.stdout.write(`${JSON.stringify(documentOf(ended), null, 2)}\n`);
  }
}

/** The action's own reading of its inputs; those of a workflow around this process are none of it. */
function requestOf(call: Run, env: NodeJS.ProcessEnv, occasion: Occasion, secrets: Secrets): Request {
  const others = Object.entries(env).filter(([name]) => !name.startsWith('INPUT_'));
  const inputs = { ...Object.fromEntries(others), ...call.inputs, INPUT_COMMAND: call.command };
  return readInputs(inputs, occasion, secrets, () => undefined);
}

type RunFor = (
  declared: Declared,
  request: Request,
) => Promise<{ readonly isRed: boolean; readonly runner: TerminalRunner }>;

interface Errand {
  readonly request: Request;
  readonly run: RunFor;
  readonly stop: AbortSignal;
  /** Gets those whose outputs count. */
  readonly ended: TerminalRunner[];
}

/** Returns whether anything is to end with exit status 1. */
async function runAll(declared: Declared, { command, yes }: Run, errand: Errand): Promise<boolean> {
  const { request, run, ended } = errand;
  if (command !== 'apply' || yes || request.approvedPlan !== null) {
    const { isRed, runner } = await run(declared, request);
    ended.push(runner);
    return isRed;
  }
  if (!process.stdin.isTTY) {
    throw new Failure('invalid-input', 'Nobody is here to be asked: standard input is no terminal.', {
      remedy: 'Look at the plan, then run apply with --yes or --approved-plan HASH.',
    });
  }
  const { topologies, ...others } = declared;
  let isRed = false;
  if (others.broken.length > 0) {
    const told = await run({ ...others, topologies: [] }, request);
    ended.push(told.runner);
    isRed = told.isRed;
  }
  for (const topology of topologies) isRed = (await applyAsked(topology, errand)) || isRed;
  return isRed;
}

/**
 * The plan, the question, and then just that plan: its hash is the approval. Where nothing is to be done and yet something is amiss
 * nothing is to be asked: the apply waits for what passes by itself, and fails where it stays.
 */
async function applyAsked(topology: Topology, { request, run, stop, ended }: Errand): Promise<boolean> {
  const only: Declared = { topologies: [topology], broken: [], unmatched: [] };
  const { isRed, runner } = await run(only, { ...request, command: 'plan' });
  ended.push(runner);
  const isEmpty = runner.outputs.get('result') !== 'planned';
  if (isRed || (isEmpty && runner.outputs.get('drift') !== 'true')) return isRed;
  const approvedPlan = runner.outputs.get('plan-hash') ?? '';
  const without = `Nothing was changed in ${topology.name}.`;
  const asked = { input: process.stdin, output: process.stderr, signal: stop };
  if (!isEmpty && !(await isAgreed(`Apply this plan (${approvedPlan}) to ${topology.name}?`, without, asked))) {
    runner.info(without);
    return false;
  }
  const applied = await run(only, { ...request, requireApprovedPlan: true, approvedPlan });
  ended.splice(-1, 1, applied.runner);
  return applied.isRed;
}
