import { setFailed } from '@actions/core';
import { type Environment, readInputs } from './adapters/actions/inputs.ts';
import { readOccasion } from './adapters/actions/occasion.ts';
import { actionsRunner } from './adapters/actions/runner.ts';
import { Secrets } from './adapters/actions/secrets.ts';
import { createGitHub } from './adapters/github/github.ts';
import { loadKubeConfig } from './adapters/kubernetes/client.ts';
import { createKubernetes } from './adapters/kubernetes/kubernetes.ts';
import { tunnelTo } from './adapters/kubernetes/tunnel.ts';
import { systemClock } from './adapters/process/clock.ts';
import { stopSignal } from './adapters/process/stop.ts';
import { autoDial, type Dial, directDial, tunnelDial } from './adapters/redis/dial.ts';
import { createRedis } from './adapters/redis/redis.ts';
import { findTopologies } from './adapters/topology/find.ts';
import { readManifests } from './adapters/topology/manifests.ts';
import { readTopology } from './adapters/topology/read.ts';
import type { Desk, Reach } from './commands/desk.ts';
import { eachCluster } from './commands/each-cluster.ts';
import { asFailure, FAILURES, Failure } from './core/failure.ts';
import { mistakeWords } from './core/mistake.ts';
import type { Occasion, Request } from './core/request.ts';
import type { Place, Topology } from './core/topology.ts';
import type { GitHub } from './ports/github.ts';
import type { Runner } from './ports/runner.ts';
import { earlyEndBody } from './report/early-end.ts';
import { failureLines } from './report/log.ts';

/** Inputs, wiring, run, report. */
async function main(env: Environment): Promise<void> {
  const secrets = new Secrets(env);
  const runner = actionsRunner(env, secrets);
  try {
    const occasion = readOccasion(env);
    const request = readInputs(env, occasion.event, secrets, (text) => runner.warning(text));
    using stop = stopSignal(request.timeout);
    const github = githubFor(env, request, secrets);
    const workspace = env['GITHUB_WORKSPACE'] ?? process.cwd();
    const topologies = await readAll(workspace, request, runner);
    const desk: Desk = {
      request,
      occasion,
      runner,
      github,
      clock: systemClock,
      stop: stop.signal,
      reach: (topology) => reach(topology, request, env, workspace),
      atBase: (file) => atBase(file, occasion, github, stop.signal),
    };
    if (await eachCluster(topologies, desk)) process.exitCode = 1;
  } catch (thrown) {
    await endEarly(asFailure(thrown), runner);
  }
}

/** Ends a run that did not come to any cluster; the outputs say so all the same. */
async function endEarly(failure: Failure, runner: Runner): Promise<void> {
  for (const line of failureLines(failure)) runner.info(line);
  runner.error(failure.message);
  runner.output('result', FAILURES[failure.code][0]);
  runner.output('changed', 'false');
  runner.output('drift', 'false');
  runner.output('summary', failure.message);
  runner.output('failure-reason', failure.code);
  process.exitCode = 1;
  await runner.summary(earlyEndBody(failure));
}

async function readAll(workspace: string, request: Request, runner: Runner): Promise<readonly Topology[]> {
  const files = await findTopologies(workspace, request.topology);
  const read = files.map(({ file, text }) => readTopology(text, file));
  const mistakes = read.flatMap((result) => (result.kind === 'mistakes' ? result.mistakes : []));
  if (mistakes.length > 0) {
    runner.annotate(mistakes);
    const places = mistakes.map((one) => `${one.file}:${one.line}:${one.column} ${mistakeWords(one)}`);
    const count = mistakes.length === 1 ? 'a mistake' : `${mistakes.length} mistakes`;
    throw new Failure('invalid-topology', `The topology has ${count}: ${places[0] ?? ''}`, {
      remedy: 'Correct the lines that are marked; docs/topology.md describes every key.',
      details: places,
    });
  }
  const topologies = read.flatMap((result) => (result.kind === 'topology' ? [result.topology] : []));
  refuseTwins(topologies);
  return topologies;
}

/** Two files about one StatefulSet would undo each other; two clusters of one name would share a comment. */
function refuseTwins(topologies: readonly Topology[]): void {
  for (const [i, topology] of topologies.entries()) {
    const twin = topologies
      .slice(0, i)
      .find((other) => other.name === topology.name || isSame(other.kubernetes, topology.kubernetes));
    if (twin === undefined) continue;
    throw new Failure(
      'invalid-topology',
      `${twin.file} and ${topology.file} are about the same cluster "${topology.name}".`,
      {
        remedy: 'Give each its own `name` and StatefulSet, or narrow the `topology` input.',
      },
    );
  }
}

function isSame(a: Place, b: Place): boolean {
  return a.namespace === b.namespace && a.statefulSet === b.statefulSet;
}

function githubFor(env: Environment, request: Request, secrets: Secrets): GitHub | null {
  const repository = env['GITHUB_REPOSITORY'];
  if (request.token === null || repository === undefined || repository === '') return null;
  return createGitHub({
    token: request.token.reveal(),
    repository,
    apiUrl: env['GITHUB_API_URL'] ?? 'https://api.github.com',
    redact: (text) => secrets.redact(text),
    clock: systemClock,
  });
}

async function reach(topology: Topology, request: Request, env: Environment, workspace: string): Promise<Reach> {
  const config = loadKubeConfig({ kubeconfig: request.kubeconfig?.reveal() ?? null, context: request.context }, env);
  const { username, password, tls } = request.redis;
  const redis = createRedis({
    credentials: {
      ...(username === null ? {} : { username }),
      ...(password === null ? {} : { password: password.reveal() }),
    },
    tls:
      tls === null
        ? null
        : {
            ...(tls.ca === null ? {} : { ca: tls.ca }),
            ...(tls.cert === null ? {} : { cert: tls.cert }),
            ...(tls.key === null ? {} : { key: tls.key.reveal() }),
            ...(tls.serverName === null ? {} : { serverName: tls.serverName }),
          },
    dial: dialFor(request.connect, topology.kubernetes, config),
  });
  return {
    kubernetes: createKubernetes(config),
    redis,
    manifests: await readManifests(workspace, topology.kubernetes),
    [Symbol.asyncDispose]: () => redis[Symbol.asyncDispose](),
  };
}

function dialFor(connect: Request['connect'], place: Place, config: ReturnType<typeof loadKubeConfig>): Dial {
  const tunnel = tunnelTo(config, place);
  switch (connect) {
    case 'direct':
      return directDial(place.port);
    case 'port-forward':
      return tunnelDial(tunnel);
    case 'auto':
      return autoDial(place.port, tunnel);
  }
}

/** A base that has mistakes says nothing: then the file counts as new there. */
async function atBase(
  file: string,
  { pullRequest }: Occasion,
  github: GitHub | null,
  signal: AbortSignal,
): Promise<Topology | null> {
  if (pullRequest === null || github === null) return null;
  const text = await github.readFile(file, pullRequest.base, { signal });
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
