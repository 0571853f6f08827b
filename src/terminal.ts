import { createInterface } from 'node:readline/promises';
import { readInputs } from './adapters/actions/inputs.ts';
import { readOccasion } from './adapters/actions/occasion.ts';
import { Secrets } from './adapters/actions/secrets.ts';
import { systemClock } from './adapters/process/clock.ts';
import { stopSignal } from './adapters/process/stop.ts';
import { type Call, HELP, readArguments } from './adapters/terminal/arguments.ts';
import { type TerminalRunner, terminalRunner } from './adapters/terminal/runner.ts';
import { readTopologies } from './adapters/topology/read-all.ts';
import type { Desk } from './commands/desk.ts';
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
  try {
    return await main(args, env);
  } catch (thrown) {
    process.stderr.write(`${failureLines(asFailure(thrown)).join('\n')}\n`);
    return 1;
  }
}

async function main(args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const call = readArguments(args, env);
  if (call.kind === 'help') {
    process.stdout.write(HELP);
    return 0;
  }
  const secrets = new Secrets({});
  const stream = call.json ? process.stderr : process.stdout;
  const redact = (text: string): string => secrets.redact(text);
  const runner = terminalRunner({ stream, redact, summary: call.command === 'plan' });
  const occasion = readOccasion({});
  const request = requestOf(call, env, occasion, secrets);
  using stop = stopSignal(request.timeout);
  const workspace = process.cwd();
  const desk: Desk = {
    request,
    occasion,
    runner,
    github: null,
    clock: systemClock,
    stop: stop.signal,
    reach: (topology) => reachCluster(topology, request, { env, workspace }),
    topologyAt: async () => null,
    isTopology: () => false,
    lineOf: () => 1,
  };
  const declared = await readTopologies(workspace, request.topology);
  const isRed = call.command === 'apply' ? await applyAll(declared, desk, call) : await eachCluster(declared, desk);
  if (call.json) process.stdout.write(`${JSON.stringify(documentOf(runner), null, 2)}\n`);
  return Number(isRed);
}

/** The action's own reading of its inputs; those of a workflow around this process are none of it. */
function requestOf(call: Run, env: NodeJS.ProcessEnv, occasion: Occasion, secrets: Secrets): Request {
  const others = Object.entries(env).filter(([name]) => !name.startsWith('INPUT_'));
  const inputs = { ...Object.fromEntries(others), ...call.inputs, INPUT_COMMAND: call.command };
  return readInputs(inputs, occasion, secrets, () => undefined);
}

/** One cluster after another: the plan, the question, and then just that plan. */
async function applyAll(declared: Declared, desk: Desk, { yes }: Run): Promise<boolean> {
  if (!yes && !process.stdin.isTTY) {
    throw new Failure('invalid-input', 'Nobody is here to be asked: standard input is no terminal.', {
      remedy: 'Look at the plan, then run apply with --yes or --approved-plan HASH.',
    });
  }
  if (yes || desk.request.approvedPlan !== null) return eachCluster(declared, desk);
  const { topologies, ...others } = declared;
  let isRed = await eachCluster({ ...others, topologies: [] }, desk);
  for (const topology of topologies) isRed = (await applyAsked(topology, desk)) || isRed;
  return isRed;
}

/** What is applied is what was shown: its hash is the approval. */
async function applyAsked(topology: Topology, desk: Desk): Promise<boolean> {
  const shown = terminalRunner({ summary: true });
  const only: Declared = { topologies: [topology], broken: [], unmatched: [] };
  if (await eachCluster(only, { ...desk, runner: shown, request: { ...desk.request, command: 'plan' } })) {
    return true;
  }
  const approvedPlan = shown.outputs.get('plan-hash') ?? '';
  if (shown.outputs.get('result') !== 'planned') return false;
  if (!(await isAgreed(`Apply this plan (${approvedPlan}) to ${topology.name}?`, desk.stop))) {
    desk.runner.info('Nothing was changed.');
    return false;
  }
  return eachCluster(only, { ...desk, request: { ...desk.request, requireApprovedPlan: true, approvedPlan } });
}

async function isAgreed(question: string, signal: AbortSignal): Promise<boolean> {
  using terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await terminal.question(`\n  ${question} Only "yes" does it: `, { signal });
  return answer.trim() === 'yes';
}

/** The outputs of every cluster, with its plan in place of the plan's file. */
function documentOf({ outputs, kept }: TerminalRunner): unknown {
  const clusters: unknown = JSON.parse(outputs.get('clusters') ?? '[]');
  const plans = Array.from(kept, ([name, text]): readonly [string, unknown] => [name, JSON.parse(text)]);
  return { clusters, plans: Object.fromEntries(plans) };
}
