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
import { lastResort } from './adapters/process/last-resort.ts';
import { stopSignal } from './adapters/process/stop.ts';
import { isNamed } from './adapters/topology/find.ts';
import { inWorkspace } from './adapters/topology/in-workspace.ts';
import { readTopologies } from './adapters/topology/read-all.ts';
import type { Desk } from './commands/desk.ts';
import { run } from './commands/each-cluster.ts';
import { emptyOutcome, outputsOf, resultOf } from './commands/outcome.ts';
import { asFailure, type Failure } from './core/failure.ts';
import type { Request } from './core/request.ts';
import { declaredAt } from './declared-at.ts';
import type { GitHub } from './ports/github.ts';
import type { Runner } from './ports/runner.ts';
import { reachCluster } from './reach.ts';
import { earlyEndBody } from './report/early-end.ts';
import { failureLines } from './report/log.ts';

/** Inputs, wiring, run, report. */
async function main(env: Environment, secrets: Secrets): Promise<void> {
  const runner = actionsRunner(env, secrets);
  try {
    const occasion = readOccasion(env);
    const request = readInputs(env, occasion, secrets, (text) => runner.warning(text));
    using stop = stopSignal(request.timeout);
    const github = githubFor(env, request, secrets, (text) => runner.info(text));
    const workspace = env['GITHUB_WORKSPACE'] ?? process.cwd();
    const checkout = { workspace, repository: env['GITHUB_REPOSITORY'] ?? '', github };
    const desk: Desk = {
      request,
      occasion,
      runner,
      github,
      clock: systemClock,
      lockToken: randomUUID(),
      stop: stop.signal,
      reach: (topology) => reachCluster(topology, request, { env, workspace }),
      files: {
        declaredAt: (file, ref) => declaredAt(file, ref, checkout, stop.signal),
        isTopology: (file) => isNamed(workspace, request.topology, file),
        topologyOf: (path) => inWorkspace(workspace, request.topology, path, checkout.repository),
        lineOf: (file, key) => lineOf(join(workspace, file), key),
      },
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
  const report = earlyEndBody(failure);
  const nobody = emptyOutcome({ name: '', file: '' });
  const ended = { ...nobody, result: resultOf(failure), summary: failure.message, report, failure };
  for (const [name, value] of Object.entries({ ...outputsOf(ended, ''), clusters: '[]' })) runner.output(name, value);
  process.exitCode = 1;
  await runner.summary(report);
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

const secrets = new Secrets(process.env);
lastResort(({ message }) => setFailed(secrets.redact(message)));
await main(process.env, secrets);
