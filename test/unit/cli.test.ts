import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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

function textOf(file: string): string {
  return readFileSync(join(import.meta.dirname, '../..', file), 'utf8');
}

describe('the program for a terminal, where nobody is at one', () => {
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'cli-'));
    writeFileSync(join(folder, 'kubeconfig'), KUBECONFIG);
    for (const name of ['cache', 'sessions']) writeFileSync(join(folder, `${name}.yaml`), topology(name));
  });

  afterAll(() => rmSync(folder, { recursive: true }));

  function run(
    words: readonly string[],
    flags: readonly string[] = [],
    more: Readonly<Record<string, string>> = {},
  ): SpawnSyncReturns<string> {
    const env = { KUBECONFIG: join(folder, 'kubeconfig'), REDISCLI_AUTH: PASSWORD, ...more };
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

  test('says every mistake once in the log and once in the frame, each with what would be right', () => {
    writeFileSync(join(folder, 'wrong.yaml'), `${topology('wrong')}replicaPerShard: 1\n`);
    const { status, stdout } = run(['plan', 'wrong.yaml']);
    expect([status, stdout.match(/Did you mean "replicasPerShard"\?/g)]).toEqual([1, expect.any(Array)]);
    const [log = '', frame = ''] = stdout.split('│ Redis Cluster');
    const [first, ...more] = log.match(/wrong\.yaml:5:1 .*/g) ?? [];
    expect(first).toContain('Unknown key "replicaPerShard". Did you mean "replicasPerShard"?');
    // The headline, and the list of all.
    expect(more).toHaveLength(1);
    expect(frame).toContain('Correct the lines that are marked');
  });

  test.each([
    ['a file that is not there', ['plan', 'topolgy.yaml'], /"topolgy\.yaml".*begins at the folder that this runs in/s],
    ['a user without a password', ['plan', '--redis-username', 'app'], /`redis-password` is not.*REDISCLI_AUTH/s],
  ] as const)('says of %s what somebody at a terminal can do', (_what, words, said) => {
    const { status, stdout, stderr } = run(words, [], { REDISCLI_AUTH: '' });
    expect([status, `${stdout}${stderr}`]).toEqual([1, expect.stringMatching(said)]);
  });

  test('says where there is no kubeconfig at all how to give one', () => {
    const { status, stdout } = run(['plan', 'cache.yaml'], [], { KUBECONFIG: '', HOME: folder });
    expect([status, stdout]).toEqual([
      1,
      expect.stringMatching(/no kubeconfig was given.*at a terminal `--kubeconfig FILE`/s),
    ]);
  });

  test.each(['20.1.0', '22.18.9'])('says that Node %s is too old, which could not read the rest of it', (version) => {
    const older = `Object.defineProperty(process,'versions',{value:{...process.versions,node:'${version}'}})`;
    const { status, stderr } = run(['plan'], ['--import', `data:text/javascript,${encodeURIComponent(older)}`]);
    expect([status, stderr]).toEqual([1, expect.stringContaining('is too old: 22.19 or newer is needed.')]);
  });

  test('needs the Node that package.json, the README and the quick start name', () => {
    const [, needed] = /OLDEST = '([\d.]+)'/.exec(textOf('src/cli.ts')) ?? [];
    expect(JSON.parse(textOf('package.json'))).toMatchObject({ engines: { node: `>=${needed}` } });
    for (const page of ['README.md', 'docs/quick-start.md']) {
      const [, terminal = ''] = textOf(page).split(/^## .*at a terminal/im);
      expect(terminal).toContain(`on Node ${needed} or newer`);
    }
  });
});
