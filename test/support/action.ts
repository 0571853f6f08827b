import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** What is run: the sources, or the built action where ACTION_ENTRY names it. */
const ENTRY = process.env['ACTION_ENTRY'] ?? join(import.meta.dirname, '../../src/main.ts');

export interface ActionRun {
  /** The `with:` of the step. */
  readonly inputs?: Readonly<Record<string, string>>;
  /** Files of the workspace. */
  readonly files?: Readonly<Record<string, string>>;
  readonly event?: string;
  readonly payload?: unknown;
  /** Of a fake GitHub. */
  readonly apiUrl?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export interface ActionResult {
  readonly exitStatus: number | null;
  /** Without the lines that tell the runner what to mask. */
  readonly log: string;
  readonly masks: readonly string[];
  readonly outputs: Readonly<Record<string, string>>;
  readonly summary: string;
}

/** Runs the action as one process, with nothing but the environment that GitHub sets. */
export async function runAction(run: ActionRun): Promise<ActionResult> {
  const root = await mkdtemp(join(tmpdir(), 'action-'));
  try {
    return await runIn(root, run);
  } finally {
    await rm(root, { recursive: true });
  }
}

async function runIn(root: string, run: ActionRun): Promise<ActionResult> {
  const workspace = join(root, 'workspace');
  const files = {
    output: '',
    summary: '',
    'event.json': JSON.stringify(run.payload ?? {}),
    ...Object.fromEntries(Object.entries(run.files ?? {}).map(([name, text]) => [`workspace/${name}`, text])),
  };
  for (const folder of ['workspace', 'home', 'temp']) await mkdir(join(root, folder));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), text);
  }
  const { exitStatus, log } = await processOf(workspace, {
    ...environment(root, workspace, run),
    ...Object.fromEntries(
      Object.entries(run.inputs ?? {}).map(([name, text]) => [`INPUT_${name.toUpperCase()}`, text]),
    ),
    ...run.env,
  });
  const lines = log.split('\n');
  return {
    exitStatus,
    log: lines.filter((line) => !line.startsWith('::add-mask::')).join('\n'),
    masks: lines.flatMap((line) => /^::add-mask::(.*)$/.exec(line)?.[1] ?? []),
    outputs: outputsIn(await readFile(join(root, 'output'), 'utf8')),
    summary: await readFile(join(root, 'summary'), 'utf8'),
  };
}

function environment(root: string, workspace: string, run: ActionRun): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '',
    HOME: join(root, 'home'),
    GITHUB_ACTIONS: 'true',
    GITHUB_API_URL: run.apiUrl ?? 'http://127.0.0.1:9',
    GITHUB_EVENT_NAME: run.event ?? 'workflow_dispatch',
    GITHUB_EVENT_PATH: join(root, 'event.json'),
    GITHUB_OUTPUT: join(root, 'output'),
    GITHUB_REF: 'refs/heads/main',
    GITHUB_REPOSITORY: 'acme/cache',
    GITHUB_RUN_ID: '42',
    GITHUB_SERVER_URL: 'https://github.example',
    GITHUB_SHA: 'c0ffee',
    GITHUB_STEP_SUMMARY: join(root, 'summary'),
    GITHUB_WORKSPACE: workspace,
    RUNNER_TEMP: join(root, 'temp'),
  };
}

async function processOf(
  cwd: string,
  env: Readonly<Record<string, string>>,
): Promise<{ exitStatus: number | null; log: string }> {
  const child = spawn(process.execPath, [ENTRY], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (log += text));
  const exitStatus = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  return { exitStatus, log };
}

/** `name<<delimiter`, the value, the delimiter: how outputs stand in GitHub's file. */
function outputsIn(text: string): Record<string, string> {
  const outputs = text.matchAll(/^([^\n<]+)<<(\S+)\n([^]*?)\n\2$/gm);
  return Object.fromEntries(Array.from(outputs, ([, name, , value]) => [name, value]));
}
