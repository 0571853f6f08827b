import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The committed bundle, or a folder like it that was built elsewhere. */
export const DIST = process.env['ACTION_DIST'] ?? fileURLToPath(new URL('../../dist', import.meta.url));

export interface ActionEvent {
  readonly name: string;
  readonly payload?: unknown;
  readonly commit?: string;
  readonly ref?: string;
  readonly runId?: string;
  readonly attempt?: number;
}

export interface ActionRun {
  readonly exitCode: number;
  readonly log: string;
  readonly outputs: Readonly<Record<string, string>>;
  readonly summary: string;
}

export interface ActionOptions {
  /** Inputs by their names in action.yml. */
  readonly inputs?: Readonly<Record<string, string>>;
  readonly event?: ActionEvent;
  /** Further environment, such as KUBECONFIG and GITHUB_API_URL. */
  readonly env?: Readonly<Record<string, string>>;
  /** Told every line of the log as it comes, with the process to send signals to. */
  readonly onLine?: (line: string, process: ChildProcess) => void;
}

/** The cluster that the tests are given, for runs that are to reach it. */
export const GIVEN_KUBERNETES = { KUBECONFIG: process.env['KUBECONFIG'] ?? '' } as const;

/** A folder that stands for the checkout, and runs of `node dist/index.js` in it as GitHub's runner makes them. */
export class Workspace implements AsyncDisposable {
  readonly folder: string;
  readonly #env: Readonly<Record<string, string>>;
  #runs = 0;

  private constructor(folder: string, env: Readonly<Record<string, string>>) {
    this.folder = folder;
    this.#env = env;
  }

  /** @param env further environment of every run */
  static async create(
    files: Readonly<Record<string, string>> = {},
    env: Readonly<Record<string, string>> = {},
  ): Promise<Workspace> {
    const workspace = new Workspace(await mkdtemp(join(tmpdir(), 'workspace-')), env);
    for (const [path, text] of Object.entries(files)) await workspace.write(path, text);
    return workspace;
  }

  async write(path: string, text: string): Promise<void> {
    const full = join(this.folder, path);
    await mkdir(dirname(full), { recursive: true });
    await writeFile(full, text);
  }

  /** Runs the action on this text of topology.yaml. */
  async act(topology: string, options: ActionOptions): Promise<ActionRun> {
    await this.write('topology.yaml', topology);
    return this.run(options);
  }

  async run(options: ActionOptions = {}): Promise<ActionRun> {
    const temp = await mkdtemp(join(tmpdir(), 'runner-'));
    const file = async (name: string, text = ''): Promise<string> => {
      await writeFile(join(temp, name), text);
      return join(temp, name);
    };
    const { event = { name: 'workflow_dispatch' } } = options;
    this.#runs += 1;
    const output = await file('output');
    const summary = await file('summary');
    const child = spawn(process.execPath, [join(DIST, 'index.js')], {
      cwd: this.folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env['PATH'] ?? '',
        HOME: temp,
        CI: 'true',
        GITHUB_ACTIONS: 'true',
        GITHUB_WORKSPACE: this.folder,
        GITHUB_EVENT_NAME: event.name,
        GITHUB_EVENT_PATH: await file('event.json', JSON.stringify(event.payload ?? {})),
        GITHUB_SHA: event.commit ?? '0'.repeat(40),
        GITHUB_REF: event.ref ?? 'refs/heads/main',
        GITHUB_REPOSITORY: 'acme/cache',
        GITHUB_SERVER_URL: 'https://github.com',
        GITHUB_RUN_ID: event.runId ?? String(this.#runs),
        GITHUB_RUN_ATTEMPT: String(event.attempt ?? 1),
        GITHUB_OUTPUT: output,
        GITHUB_STEP_SUMMARY: summary,
        RUNNER_TEMP: temp,
        ...inputsAsEnvironment(options.inputs ?? {}),
        ...this.#env,
        ...options.env,
      },
    });
    const log = await followed(child, options.onLine);
    const run = {
      exitCode: child.exitCode ?? -1,
      log,
      outputs: parseOutputs(await readFile(output, 'utf8')),
      summary: await readFile(summary, 'utf8'),
    };
    const planFile = run.outputs['plan-file'] ?? '';
    const outputs = planFile === '' ? run.outputs : { ...run.outputs, plan: await readFile(planFile, 'utf8') };
    await rm(temp, { recursive: true });
    refuseLeaks(options.inputs ?? {}, { ...run, outputs });
    return { ...run, outputs };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true });
  }
}

/** As the runner does it: spaces become underscores, hyphens stay. */
function inputsAsEnvironment(inputs: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, value]) => [`INPUT_${name.replaceAll(' ', '_').toUpperCase()}`, value]),
  );
}

/** No run may show what it was given in confidence, but to the runner, so that it masks it. */
function refuseLeaks(inputs: Readonly<Record<string, string>>, { log, outputs, summary }: ActionRun): void {
  const tokens = [...(inputs['kubeconfig'] ?? '').matchAll(/"token":\s*"([^"]+)"/g)].map(([, token]) => token);
  const secrets = [inputs['redis-password'], inputs['redis-key'], inputs['github-token'], ...tokens];
  const shown = { log: log.replaceAll(/^::add-mask::.*$/gm, ''), outputs: JSON.stringify(outputs), summary };
  for (const [where, text] of Object.entries(shown)) {
    if (secrets.some((secret) => secret && text.includes(secret))) throw new Error(`The ${where} shows a secret.`);
  }
}

async function followed(child: ChildProcess, onLine: ActionOptions['onLine']): Promise<string> {
  let log = '';
  let rest = '';
  const take = (chunk: unknown): void => {
    log += String(chunk);
    const lines = (rest + String(chunk)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine?.(line, child);
  };
  child.stdout?.on('data', take);
  child.stderr?.on('data', take);
  await new Promise((resolve, reject) => {
    child.once('close', resolve);
    // A process that cannot be started is never closed.
    child.once('error', reject);
  });
  return log;
}

/** The file behind GITHUB_OUTPUT: `name<<delimiter`, lines, delimiter. */
function parseOutputs(text: string): Readonly<Record<string, string>> {
  const outputs: Record<string, string> = {};
  const pattern = /^([^\n<]+)<<(\S+)\n([\s\S]*?)\n?^\2$/gm;
  for (const [, name = '', , value = ''] of text.matchAll(pattern)) outputs[name] = value;
  return outputs;
}
