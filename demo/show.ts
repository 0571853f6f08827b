import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../src/adapters/process/clock.ts';
import { framed } from '../src/adapters/terminal/markdown.ts';
import { terminalRunner } from '../src/adapters/terminal/runner.ts';
import { styleFor } from '../src/adapters/terminal/style.ts';
import { readTopology } from '../src/adapters/topology/read.ts';
import { apply } from '../src/commands/apply.ts';
import type { Desk } from '../src/commands/desk.ts';
import type { Outcome } from '../src/commands/outcome.ts';
import { plan } from '../src/commands/plan.ts';
import { status } from '../src/commands/status.ts';
import type { Occasion, Request } from '../src/core/request.ts';
import type { Topology } from '../src/core/topology.ts';
import type { Runner } from '../src/ports/runner.ts';
import { failureLines } from '../src/report/log.ts';
import { grouped } from '../src/report/units.ts';
import { seedsOf } from '../test/support/cluster-client.ts';
import { differences, digest, type KeyDigest, load, primariesOf } from '../test/support/dataset.ts';
import { type LocalPlatform, startLocalPlatform } from '../test/support/local-platform.ts';
import { startTraffic, type TrafficReport } from '../test/support/traffic.ts';
import { heading } from './heading.ts';
import { COMMIT, PaperGitHub } from './paper-github.ts';

const KEYS = 50_000;
const PULL_REQUEST = 7;

/** Shows a cluster growing by a shard under traffic. @returns whether all went as it should */
export async function show({ isKept }: { readonly isKept: boolean }): Promise<boolean> {
  await using platform = await startLocalPlatform({ pods: 6, appendOnly: true });
  const stage = new Stage(platform);

  heading(
    `Six servers (${platform.server.name}) on this machine, each in place of a pod: 3 shards with 1 replica each`,
  );
  if (!(await stage.create(topology(3)))) return false;
  const before = await stage.fill();
  await using traffic = await startTraffic(seedsOf(platform), { writers: 1, readers: 1 });
  console.log(`  ${grouped(KEYS)} keys are loaded; a writer and a reader are at work from now on.`);

  heading('A pull request changes topology.yaml');
  console.log('  - shards: 3\n  + shards: 4');
  const planned = await stage.plan(topology(4), topology(3));
  heading('The comment that it gets');
  console.log(framed(stage.github.comments.at(-1)?.body ?? planned.summary, styleFor(process.stdout)));
  saveComment(stage.github, 'plan-comment');
  heading('It is merged: the plan that was shown is carried out');
  const applied = await stage.apply(topology(4));
  saveComment(stage.github, 'applied-comment');
  heading('Every node looked at once more');
  const after = await stage.status(topology(4));

  heading('What the clients saw');
  const report = await traffic.stop();
  const wrong = [...(await traffic.verify()), ...differences(before, await stage.keys('key:'))];
  const isWell = applied.result === 'applied' && after.result === 'in-sync' && tell(report, wrong);
  if (isKept) await keep(platform);
  return isWell;
}

/** With COMMENTS=FOLDER the comment is kept as it is now: scripts/pictures.ts draws the pictures of the docs from it. */
function saveComment({ comments }: PaperGitHub, name: string): void {
  const folder = process.env['COMMENTS'] ?? '';
  if (folder === '') return;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${name}.md`), comments.at(-1)?.body ?? '');
}

function topology(shards: number): Topology {
  const lines = [
    'version: 1',
    'name: sessions',
    'kubernetes: {namespace: local, statefulSet: redis-cluster}',
    `shards: ${shards}`,
    'placement: {spreadBy: [kubernetes.io/hostname, topology.kubernetes.io/zone]}',
  ];
  const read = readTopology(lines.join('\n'), 'topology.yaml');
  if (read.kind === 'topology') return read.topology;
  throw new Error(`The demo's own topology has mistakes: ${read.mistakes.map(({ message }) => message).join(' ')}`);
}

function tell(report: TrafficReport, wrong: readonly string[]): boolean {
  const { writes, reads, errors, stale, slowest } = report;
  console.log(
    `  ${grouped(writes)} writes and ${grouped(reads)} reads: ${errors} errors, ${report.wrong} wrong replies,`,
  );
  console.log(`  ${stale} stale reads, the slowest took ${slowest.toFixed(0)} ms.`);
  console.log(`  ${grouped(KEYS)} keys and all that was written, compared one by one: ${wrong.length} differences.`);
  for (const line of [...report.examples, ...wrong].slice(0, 10)) console.log(`  ${line}`);
  return errors + report.wrong + stale + wrong.length === 0;
}

async function keep(platform: LocalPlatform): Promise<void> {
  heading('The cluster is kept until you press Ctrl-C');
  for (const { name } of platform.pods()) console.log(`  ${name}  127.0.0.1:${platform.port(name)}`);
  console.log(`  For example: redis-cli -c -p ${platform.port('redis-cluster-0')}`);
  const awake = setInterval(() => undefined, 60_000);
  await once(process, 'SIGINT');
  clearInterval(awake);
}

/** The commands of the action, with the platform in place of Kubernetes and paper in place of GitHub. */
class Stage {
  readonly github = new PaperGitHub();
  readonly #platform: LocalPlatform;
  readonly #runner: Runner = terminalRunner();

  constructor(platform: LocalPlatform) {
    this.#platform = platform;
  }

  /** The first apply, told in one line. */
  async create(wanted: Topology): Promise<boolean> {
    const silent = { ...this.#runner, info: () => undefined, group: <T>(_: string, work: () => Promise<T>) => work() };
    const made = await apply(wanted, this.#desk({ command: 'apply', runner: silent }));
    this.#tell(made);
    return made.result === 'applied';
  }

  async plan(wanted: Topology, base: Topology): Promise<Outcome> {
    const pullRequest = { number: PULL_REQUEST, foreign: false, closed: false, merged: false };
    return plan(wanted, this.#desk({ command: 'plan', occasion: { pullRequest, base: 'main' }, base }));
  }

  async apply(wanted: Topology): Promise<Outcome> {
    const outcome = await apply(
      wanted,
      this.#desk({ command: 'apply', occasion: { branch: 'main', mergedTo: 'main' }, isApproved: true, base: wanted }),
    );
    for (const line of outcome.failure === null ? [] : failureLines(outcome.failure)) this.#runner.error(line);
    return outcome;
  }

  status(wanted: Topology): Promise<Outcome> {
    return status(wanted, this.#desk({ command: 'status' }));
  }

  /** Loads the keys and returns what they hold. */
  async fill(): Promise<ReadonlyMap<string, KeyDigest>> {
    await using redis = this.#platform.redis();
    await load({ pods: this.#platform.pods(), redis }, { keys: KEYS });
    return await this.keys('key:');
  }

  /** What the keys that begin so hold, as the primaries have it. */
  async keys(prefix: string): Promise<ReadonlyMap<string, KeyDigest>> {
    await using redis = this.#platform.redis();
    const pods = await primariesOf({ pods: this.#platform.pods(), redis });
    return new Map([...(await digest({ pods, redis }))].filter(([key]) => key.startsWith(prefix)));
  }

  #tell(outcome: Outcome): void {
    if (outcome.failure === null) this.#runner.info(outcome.summary);
    else for (const line of failureLines(outcome.failure)) this.#runner.error(line);
  }

  #desk(choice: {
    readonly command: Request['command'];
    readonly occasion?: Partial<Occasion>;
    readonly runner?: Runner;
    readonly base?: Topology;
    readonly isApproved?: boolean;
  }): Desk {
    const { command, occasion = {}, runner = this.#runner, base = null, isApproved = false } = choice;
    const redis = this.#platform.redis();
    return {
      request: { ...REQUEST, command, requireApprovedPlan: isApproved },
      occasion: {
        event: '',
        trigger: '',
        commit: COMMIT,
        commits: [COMMIT],
        attempt: 1,
        branch: null,
        mergedTo: null,
        base: null,
        aside: null,
        runUrl: 'npm start',
        pullRequest: null,
        ...occasion,
      },
      runner,
      github: this.github,
      clock: systemClock,
      lockToken: 'npm start',
      stop: new AbortController().signal,
      reach: async () => ({
        kubernetes: this.#platform.kubernetes,
        redis,
        manifests: null,
        [Symbol.asyncDispose]: () => redis[Symbol.asyncDispose](),
      }),
      files: {
        declaredAt: async () => (base === null ? { kind: 'none' } : { kind: 'topology', topology: base }),
        isTopology: () => false,
        topologyOf: () => null,
        lineOf: () => 1,
      },
    };
  }
}

const REQUEST: Request = {
  command: 'plan',
  topology: ['topology.yaml'],
  kubeconfig: null,
  context: null,
  connect: 'direct',
  redis: { username: null, password: null, tls: null },
  allow: [],
  requireApprovedPlan: false,
  approvedPlan: null,
  comment: true,
  driftIssue: false,
  failOnDrift: false,
  lockTimeout: 60_000,
  timeout: 600_000,
  token: null,
};
