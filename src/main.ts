import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { setFailed } from '@actions/core';
import { type Environment, readInputs } from './adapters/actions/inputs.ts';
import { lineOf } from './adapters/actions/line-of.ts';
import { readOccasion } from './adapters/actions/occasion.ts';
import { actionsRunner } from './adapters/actions/runner.ts';
import { Secrets } from './adapters/actions/secrets.ts';
import { createGitHub } from './adapters/github/github.ts';
import { systemClock } from './adapters/process/clock.ts';
import { stopSignal } from './adapters/process/stop.ts';
import { isNamed } from './adapters/topology/find.ts';
import { readTopology } from './adapters/topology/read.ts';
import { readTopologies } from './adapters/topology/read-all.ts';
import type { Desk } from './commands/desk.ts';
import { run } from './commands/each-cluster.ts';
import { asFailure, FAILURES, type Failure } from './core/failure.ts';
import type { Request } from './core/request.ts';
import type { Topology } from './core/topology.ts';
import type { GitHub } from './ports/github.ts';
import type { Runner } from './ports/runner.ts';
import { reachCluster } from './reach.ts';
import { earlyEndBody } from './report/early-end.ts';
import { failureLines } from './report/log.ts';

/** Inputs, wiring, run, report. */
async function main(env: Environment): Promise<void> {
  const secrets = new Secrets(env);
  const runner = actionsRunner(env, secrets);
  try {
    const occasion = readOccasion(env);
    const request = readInputs(env, occasion, secrets, (text) => runner.warning(text));
    using stop = stopSignal(request.timeout);
    const github = githubFor(env, request, secrets, (text) => runner.info(text));
    const workspace = env['GITHUB_WORKSPACE'] ?? process.cwd();
    const desk: Desk = {
      request,
      occasion,
      runner,
      github,
      clock: systemClock,
      lockToken: randomUUID(),
      stop: stop.signal,
      reach: (topology) => reachCluster(topology, request, { env, workspace }),
      topologyAt: (file, ref) => topologyAt(file, ref, github, stop.signal),
      isTopology: (file) => isNamed(workspace, request.topology, file),
      lineOf: (file, key) => lineOf(join(workspace, file), key),
    };
    if (await run(() => readTopologies(workspace, request.topology), desk)) process.exitCode = 1;
  } catch (thrown) {
    await endEarly(asFailure(thrown), runner);
  }
}

/** Ends a run that did not come to any cluster; the outputs say so all the same. */
async function endEarly(failure: Failure, runner: Runner): Promise<void> {
  for (const line of failureLines(failure)) runner.info(line);
  runner.error(failure.message);
  const outputs = {
    result: FAILURES[failure.code][0],
    changed: 'false',
    drift: 'false',
    'plan-hash': '',
    'plan-file': '',
    summary: failure.message,
    'comment-url': '',
    'issue-url': '',
    'failure-reason': failure.code,
    clusters: '[]',
  };
  for (const [name, value] of Object.entries(outputs)) runner.output(name, value);
  process.exitCode = 1;
  await runner.summary(earlyEndBody(failure));
}

function githubFor(
  env: Environment,
  request: Request,
  secrets: Secrets,
  waiting: (text: string) => void,
): GitHub | null {
  const repository = env['GITHUB_REPOSITORY'];
  if (request.token === null || repository === undefined || repository === '') return null;
  return createGitHub({
    token: request.token.reveal(),
    repository,
    apiUrl: env['GITHUB_API_URL'] ?? 'https://api.github.com',
    redact: (text) => secrets.redact(text),
    clock: systemClock,
    waiting,
  });
}

/** A file that has mistakes says nothing: it counts as one that is not there. */
async function topologyAt(
  file: string,
  ref: string,
  github: GitHub | null,
  signal: AbortSignal,
): Promise<Topology | null> {
  if (github === null) return null;
  const text = await github.readFile(file, ref, { signal });
  if (text === null) return null;
  const read = readTopology(text, file);
  return read.kind === 'topology' ? read.topology : null;
}

// What nobody catches would print the bundle's single line of some megabytes into the log.
process.on('uncaughtException', (thrown) => {
  setFailed(thrown.message);
  process.exit(1);
});

await main(process.env);
