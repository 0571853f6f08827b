import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { DIST } from './run-action.ts';

const run = promisify(execFile);

const ROOT = join(import.meta.dirname, '../..');
const VERSION = '0.2.89';

/** The program `act`, which runs workflows as GitHub's runner does; or why it is not at hand. */
export type Act = { readonly path: string } | { readonly missing: string };

/** From ACT, from PATH, or built once by Go. Its whole path: the workflows run with a PATH of their own. */
export async function findAct(): Promise<Act> {
  const folder = join(ROOT, 'node_modules/.cache', `act-${VERSION}`);
  const inPath = (process.env['PATH'] ?? '').split(delimiter).map((directory) => join(directory, 'act'));
  const named = process.env['ACT'];
  for (const path of [...(named === undefined ? inPath : [resolve(named)]), join(folder, 'act')]) {
    if (await works(path)) return { path };
  }
  try {
    await run('go', ['install', `github.com/nektos/act@v${VERSION}`], { env: { ...process.env, GOBIN: folder } });
    return { path: join(folder, 'act') };
  } catch (thrown) {
    return { missing: `act ${VERSION} is neither in PATH nor could Go build it: ${String(thrown).split('\n')[0]}` };
  }
}

async function works(program: string): Promise<boolean> {
  try {
    await run(program, ['--version']);
    return true;
  } catch {
    // Not there, or not for this machine: both mean to look further.
    return false;
  }
}

/** One of the examples for users, without the one line that GitHub knows and act does not. */
export function exampleWorkflow(name: string): string {
  return readFileSync(join(ROOT, 'examples', name), 'utf8').replace(/^ {2}queue: max\n/m, '');
}

/** One repository with a workflow, the action beside it, and an event. */
export interface WorkflowRun {
  readonly workflow: string;
  readonly event: string;
  readonly payload: unknown;
  readonly files: Readonly<Record<string, string>>;
  readonly secrets?: Readonly<Record<string, string>>;
  /** Of a fake GitHub. */
  readonly apiUrl: string;
  /** `owner/name@ref` as the workflow names the action. */
  readonly action?: string;
  /** Told the commit that the run is about, before it begins. */
  readonly onCommit?: (commit: string) => void;
}

const Line = z.object({
  msg: z.string().default(''),
  command: z.string().optional(),
  arg: z.string().optional(),
  kvPairs: z.record(z.string(), z.string()).nullish(),
  name: z.string().optional(),
  content: z.string().optional(),
  jobID: z.string().optional(),
  jobResult: z.string().optional(),
});

export interface WorkflowResult {
  readonly exitStatus: number;
  /** What act says beside its JSON: why it takes no workflow. */
  readonly complaints: string;
  /** What a person reads in the log; masks are applied. */
  readonly log: string;
  readonly annotations: readonly {
    readonly level: string;
    readonly text: string;
    readonly file: string;
    readonly line: string;
  }[];
  readonly outputs: Readonly<Record<string, string>>;
  readonly summary: string;
  /** Job → success or failure. */
  readonly jobs: Readonly<Record<string, string>>;
}

/** Runs one workflow on this machine, without containers and without any network but 127.0.0.1. */
export async function runWorkflow(act: string, workflow: WorkflowRun): Promise<WorkflowResult> {
  const root = await mkdtemp(join(tmpdir(), 'act-'));
  try {
    const { exitStatus, text } = await runIn(root, act, workflow);
    return resultOf(exitStatus, text);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

async function runIn(root: string, act: string, workflow: WorkflowRun): Promise<{ exitStatus: number; text: string }> {
  const [repository, action, home] = [join(root, 'repository'), join(root, 'action'), join(root, 'home')];
  const files = { ...workflow.files, '.github/workflows/workflow.yml': workflow.workflow };
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(repository, name)), { recursive: true });
    await writeFile(join(repository, name), content);
  }
  await cp(join(ROOT, 'action.yml'), join(action, 'action.yml'));
  await cp(DIST, join(action, 'dist'), { recursive: true });
  await mkdir(home);
  await writeFile(join(root, 'event.json'), JSON.stringify(workflow.payload));
  const options = {
    cwd: repository,
    env: { PATH: `${dirname(process.execPath)}:/usr/bin:/bin`, HOME: home, XDG_CACHE_HOME: home },
  };
  const git = ['-c', 'user.name=test', '-c', 'user.email=test@example.com'];
  await run('git', ['init', '-q', '-b', 'main'], options);
  await run('git', ['add', '-A'], options);
  await run('git', [...git, 'commit', '-q', '-m', 'first'], options);
  const { stdout: commit } = await run('git', ['rev-parse', 'HEAD'], options);
  workflow.onCommit?.(commit.trim());
  const secrets = Object.entries(workflow.secrets ?? {}).map(([name, value]) => `--secret=${name}=${value}`);
  const args = [
    workflow.event,
    '-P=ubuntu-latest=-self-hosted',
    '--no-cache-server',
    '--json',
    '--actor=octocat',
    '--workflows=.github/workflows/workflow.yml',
    `--eventpath=${join(root, 'event.json')}`,
    `--env=GITHUB_API_URL=${workflow.apiUrl}`,
    '--env=GITHUB_REPOSITORY=acme/cache',
    `--local-repository=${workflow.action ?? 'redis-cluster-topology/action@v1'}=${action}`,
    ...secrets,
  ];
  return outcomeOf(run(act, args, { ...options, maxBuffer: 64 * 1024 * 1024 }));
}

const Ended = z.object({ code: z.number(), stdout: z.string(), stderr: z.string() });

async function outcomeOf(running: Promise<{ stdout: string; stderr: string }>) {
  try {
    const { stdout, stderr } = await running;
    return { exitStatus: 0, text: stdout + stderr };
  } catch (thrown) {
    const { code, stdout, stderr } = Ended.parse(thrown);
    return { exitStatus: code, text: stdout + stderr };
  }
}

function resultOf(exitStatus: number, text: string): WorkflowResult {
  const lines = text.split('\n').flatMap((line) => (line.startsWith('{') ? Line.parse(JSON.parse(line)) : []));
  return {
    exitStatus,
    complaints: text
      .split('\n')
      .filter((line) => !line.startsWith('{'))
      .join('\n'),
    log: lines.map((line) => line.msg).join('\n'),
    annotations: lines.flatMap(({ command, arg = '', kvPairs }) =>
      command === 'error' || command === 'warning'
        ? { level: command, text: arg, file: kvPairs?.['file'] ?? '', line: kvPairs?.['line'] ?? '' }
        : [],
    ),
    outputs: Object.fromEntries(
      lines.flatMap(({ command, name, arg }) =>
        command === 'set-output' && name !== undefined ? [[name, arg ?? '']] : [],
      ),
    ),
    summary: lines.map((line) => (line.command === 'summary' ? (line.content ?? '') : '')).join(''),
    jobs: Object.fromEntries(
      lines.flatMap(({ jobID, jobResult }) =>
        jobID !== undefined && jobResult !== undefined ? [[jobID, jobResult]] : [],
      ),
    ),
  };
}
