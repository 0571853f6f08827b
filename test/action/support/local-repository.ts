import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from '@jest/globals';
import { readInputs } from '../../../src/adapters/actions/inputs.ts';
import { lineOf } from '../../../src/adapters/actions/line-of.ts';
import { readOccasion } from '../../../src/adapters/actions/occasion.ts';
import { Secrets } from '../../../src/adapters/actions/secrets.ts';
import { createGitHub } from '../../../src/adapters/github/github.ts';
import { systemClock } from '../../../src/adapters/process/clock.ts';
import { isNamed } from '../../../src/adapters/topology/find.ts';
import { inWorkspace } from '../../../src/adapters/topology/in-workspace.ts';
import { readTopologies } from '../../../src/adapters/topology/read-all.ts';
import type { Desk } from '../../../src/commands/desk.ts';
import { run } from '../../../src/commands/each-cluster.ts';
import { Failure } from '../../../src/core/failure.ts';
import { declaredAt } from '../../../src/declared-at.ts';
import type { Clock } from '../../../src/ports/clock.ts';
import { TOKEN } from '../../support/confidential.ts';
import { type FakeGitHub, startFakeGitHub } from '../../support/fake-github.ts';
import { type LocalPlatform, startLocalPlatform } from '../../support/local-platform.ts';
import type { ActionEvent } from '../../support/run-action.ts';
import { withEventFile } from './event-file.ts';
import { BASE } from './events.ts';
import { nothingTold, recordedRunner, type Told } from './recorded-runner.ts';

/** A StatefulSet of this name is in a Kubernetes that cannot be reached. */
export const GONE = 'gone';

export interface LocalRun extends Told {
  /** Whether the exit status is 1. */
  readonly red: boolean;
}

/**
 * Gives the tests of a file a repository. Before each test its cluster is even; after each, GitHub must have understood all
 * that it was asked, and forgets it.
 */
export function withLocalRepository(give: (repository: LocalRepository) => void): void {
  let repository: LocalRepository | undefined;
  const there = (): LocalRepository => {
    if (repository === undefined) throw new Error('There is no repository yet.');
    return repository;
  };

  beforeAll(async () => {
    repository = await LocalRepository.create();
    give(repository);
  });

  afterAll(() => repository?.[Symbol.asyncDispose]());

  beforeEach(async () => {
    await there().make(EVEN);
    there().reached.length = 0;
  });

  afterEach(() => {
    expect(there().github.mistakes).toEqual([]);
    there().forget();
  });
}

/** A step of a workflow. */
export interface Step {
  /** The text of topology.yaml, or of every file by its name. */
  readonly topology: string | Readonly<Record<string, string>>;
  readonly inputs?: Readonly<Record<string, string>>;
  /** What the pushed branch has by now, where that is not what was pushed. */
  readonly branchHas?: string | null;
  /** Told every line of the log; what it throws stops the run at its next safe point. */
  readonly onLine?: (line: string) => void;
}

/**
 * A repository and its cluster: real servers on this machine in place of pods, a GitHub that checks what it is asked, and
 * the action's own reading of inputs and events, its commands and its GitHub client between them.
 */
export class LocalRepository implements AsyncDisposable {
  readonly github: FakeGitHub;
  readonly platform: LocalPlatform;
  /** Milliseconds for which GitHub's client paused. */
  readonly pauses: number[] = [];
  /** StatefulSets to which a way was opened. */
  readonly reached: string[] = [];
  #runs = 0;
  /** The checkout. */
  readonly #workspace: string;

  private constructor(github: FakeGitHub, platform: LocalPlatform, workspace: string) {
    this.#workspace = workspace;
    this.github = github;
    this.platform = platform;
  }

  /** Three primaries without replicas, each with a third of the slots. */
  static async create(): Promise<LocalRepository> {
    await using stack = new AsyncDisposableStack();
    const github = stack.use(await startFakeGitHub());
    const platform = stack.use(await startLocalPlatform({ pods: 3 }));
    const workspace = await mkdtemp(join(tmpdir(), 'checkout-'));
    stack.defer(() => rm(workspace, { recursive: true }));
    const repository = new LocalRepository(github, platform, workspace);
    await repository.make(EVEN);
    github.files.set(`${BASE}:topology.yaml`, EVEN);
    github.files.set('main:topology.yaml', EVEN);
    stack.move();
    return repository;
  }

  /** Makes the cluster like this, without asking anybody. */
  async make(topology: string): Promise<void> {
    const made = await this.run({ name: 'workflow_dispatch' }, { topology, inputs: { command: 'apply' } });
    if (made.red) throw new Error(`The cluster could not be made so: ${made.log.join('\n')}`);
  }

  /** Merges a pull request: from now on GitHub lists it for these commits. */
  merge(number: number, commits: readonly string[], base = 'main'): void {
    this.github.pulls.push({ number, base, merged: true, commits });
  }

  /** Lets GitHub be as at first, but for its files. */
  forget(): void {
    this.github.permissions = null;
    this.github.files.set('main:topology.yaml', EVEN);
    this.github.changedFiles.clear();
    this.github.heads.clear();
    this.github.protectedBranches.clear();
    for (const list of [this.github.comments, this.github.issues, this.github.pulls, this.github.faults, this.pauses]) {
      list.length = 0;
    }
  }

  /** The comment of the action on a pull request. */
  comment(number: number): string {
    return this.github.comments.find((one) => one.on === number && one.author === this.github.login)?.body ?? '';
  }

  async run(event: ActionEvent, step: Step): Promise<LocalRun> {
    const { topology, inputs = {}, onLine = () => undefined } = step;
    const told = nothingTold();
    this.#runs += 1;
    const files = typeof topology === 'string' ? { 'topology.yaml': topology } : topology;
    await this.#checkOut(files);
    this.#setBranch(event, files, step.branchHas);
    const given = { 'github-token': TOKEN, topology: Object.keys(files).join('\n'), ...inputs };
    const env = { ...environmentOf(event, this.#runs), ...inputVariables(given) };
    const red = await withEventFile(event.payload, async (path) => {
      const desk = this.#desk({ ...env, GITHUB_EVENT_PATH: path }, told, onLine);
      return run(() => readTopologies(this.#workspace, desk.request.topology), desk);
    });
    return { ...told, red };
  }

  async #checkOut(files: Readonly<Record<string, string>>): Promise<void> {
    for (const old of await readdir(this.#workspace)) await rm(join(this.#workspace, old), { recursive: true });
    for (const [file, text] of Object.entries(files)) {
      await mkdir(dirname(join(this.#workspace, file)), { recursive: true });
      await writeFile(join(this.#workspace, file), text);
    }
  }

  /** A push leaves its branch as it is in the checkout, unless another one came since. */
  #setBranch({ name, ref }: ActionEvent, files: Readonly<Record<string, string>>, now: Step['branchHas']): void {
    const branch = (ref ?? '').replace('refs/heads/', '');
    if (name !== 'push') return;
    this.github.files.set(`${branch}:README.md`, '');
    for (const [file, text] of Object.entries(files)) {
      if (now === null) this.github.files.delete(`${branch}:${file}`);
      else this.github.files.set(`${branch}:${file}`, now ?? text);
    }
  }

  #desk(env: Readonly<Record<string, string>>, told: Told, onLine: (line: string) => void): Desk {
    const { github: fake, platform, reached } = this;
    const secrets = new Secrets({});
    const occasion = readOccasion(env);
    const stop = new AbortController();
    const runner = recordedRunner(told, (line) => attempt(() => onLine(line), stop));
    const redact = (text: string): string => secrets.redact(text);
    const clock = hurried(this.pauses);
    const waiting = (text: string): void => runner.info(text);
    const client = { token: TOKEN, repository: fake.repository, apiUrl: fake.url, redact, clock, waiting };
    const signal = AbortSignal.any([AbortSignal.timeout(240_000), stop.signal]);
    const request = readInputs(env, occasion, secrets, (text) => runner.warning(text));
    const github = request.token === null ? null : createGitHub(client);
    const checkout = { workspace: this.#workspace, repository: fake.repository, github };
    return {
      request,
      occasion,
      runner,
      github,
      clock: systemClock,
      lockToken: randomUUID(),
      stop: signal,
      async reach(topology) {
        reached.push(topology.kubernetes.statefulSet);
        if (topology.kubernetes.statefulSet === GONE)
          throw new Failure('kubernetes-unreachable', 'Gone.', { remedy: '' });
        const redis = platform.redis();
        return { kubernetes: platform.kubernetes, redis, manifests: null, [Symbol.asyncDispose]: () => close(redis) };
      },
      files: {
        declaredAt: (file, ref) => declaredAt(file, ref, checkout, signal),
        isTopology: (file) => isNamed(this.#workspace, request.topology, file),
        topologyOf: (path) => inWorkspace(this.#workspace, request.topology, path, fake.repository),
        lineOf: (file, key) => lineOf(join(this.#workspace, file), key),
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.github[Symbol.asyncDispose]();
    await this.platform[Symbol.asyncDispose]();
    await rm(this.#workspace, { recursive: true });
  }
}

function attempt(work: () => void, stop: AbortController): void {
  try {
    work();
  } catch (thrown) {
    stop.abort(thrown);
  }
}

async function close(one: AsyncDisposable): Promise<void> {
  await one[Symbol.asyncDispose]();
}

/** The file for three shards with these shares; `more` are further lines. */
export function shares(weights: readonly number[], more = ''): string {
  const list = weights.map((weight) => `{weight: ${weight}}`).join(', ');
  const place = 'kubernetes: {namespace: local, statefulSet: redis-cluster}';
  return `version: 1\n${place}\nreplicasPerShard: 0\nshards: [${list}]\n${more}`;
}

export const EVEN = shares([1, 1, 1]);

function environmentOf(event: ActionEvent, count: number): Record<string, string> {
  return {
    GITHUB_EVENT_NAME: event.name,
    GITHUB_SHA: event.commit ?? '0'.repeat(40),
    GITHUB_REF: event.ref ?? 'refs/heads/main',
    GITHUB_REPOSITORY: 'acme/cache',
    GITHUB_SERVER_URL: 'https://github.test',
    GITHUB_RUN_ID: String(count),
    GITHUB_RUN_ATTEMPT: String(event.attempt ?? 1),
  };
}

function inputVariables(inputs: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(inputs).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value]));
}

/** Time that passes at once when somebody sleeps. */
function hurried(pauses: number[]): Clock {
  let ahead = 0;
  return {
    now: () => systemClock.now() + ahead,
    async sleep(milliseconds, { signal }) {
      signal.throwIfAborted();
      pauses.push(milliseconds);
      ahead += milliseconds;
    },
  };
}
