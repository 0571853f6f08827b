import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

const CLI = join(import.meta.dirname, '../../src/cli.ts');
const PASSWORD = 'the-password-of-nobody';

/** A kubeconfig of a server that is not there, and that has the password in its name. */
const KUBECONFIG = `apiVersion: v1
kind: Config
current-context: none
contexts: [{name: none, context: {cluster: none, user: none}}]
clusters: [{name: none, cluster: {server: "http://${PASSWORD}:9"}}]
users: [{name: none, user: {}}]
`;

const topology = (name: string): string =>
  `version: 1\nname: ${name}\nkubernetes: {namespace: ${name}, statefulSet: redis}\nshards: 3\n`;

describe('the program for a terminal, where nobody is at one', () => {
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'cli-'));
    writeFileSync(join(folder, 'kubeconfig'), KUBECONFIG);
    for (const name of ['cache', 'sessions']) writeFileSync(join(folder, `${name}.yaml`), topology(name));
  });

  afterAll(() => rmSync(folder, { recursive: true }));

  function run(words: readonly string[], flags: readonly string[] = []): SpawnSyncReturns<string> {
    const env = { KUBECONFIG: join(folder, 'kubeconfig'), REDISCLI_AUTH: PASSWORD };
    return spawnSync(process.execPath, [...flags, CLI, ...words], { cwd: folder, env, encoding: 'utf8' });
  }

  test('says that it needs somebody to ask', () => {
    const { status, stderr } = run(['apply', 'cache.yaml']);
    expect([status, stderr]).toEqual([1, expect.stringContaining('Nobody is here to be asked')]);
  });

  test('needs nobody for a plan whose hash is given', () => {
    const { status, stdout, stderr } = run(['apply', 'cache.yaml', '--approved-plan', '0123456789ab']);
    expect([status, stderr]).toEqual([1, '']);
    expect(stdout).toContain('kubernetes-unreachable');
  });

  test('prints one JSON document of all files and nothing else to standard output, and no secret to either', () => {
    const { status, stdout, stderr } = run(['plan', '--json', 'cache.yaml', 'sessions.yaml']);
    const failed = { result: 'failed', 'failure-reason': 'kubernetes-unreachable' };
    expect(JSON.parse(stdout)).toEqual({
      clusters: [
        expect.objectContaining({ cluster: 'cache', ...failed }),
        expect.objectContaining({ cluster: 'sessions', ...failed }),
      ],
      plans: {},
      statuses: {},
    });
    expect([status, stderr]).toEqual([1, expect.stringContaining('│')]);
    expect(stderr).toMatch(/│ .*API server at \*+:9 /);
    expect(`${stdout}${stderr}`).not.toContain(PASSWORD);
  });

  test('says that its Node is too old, which could not read the rest of it', () => {
    const older = "Object.defineProperty(process,'versions',{value:{...process.versions,node:'20.1.0'}})";
    const { status, stderr } = run(['plan'], ['--import', `data:text/javascript,${encodeURIComponent(older)}`]);
    expect([status, stderr]).toEqual([1, expect.stringContaining('is too old: 22 or newer is needed.')]);
  });
});
