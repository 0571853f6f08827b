import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { z } from 'zod';

const ROOT = join(import.meta.dirname, '../..');
const Packed = z.array(z.object({ filename: z.string(), files: z.array(z.object({ path: z.string() })) })).length(1);

/** A server that is not there. */
const KUBECONFIG = `apiVersion: v1
kind: Config
current-context: none
contexts: [{name: none, context: {cluster: none, user: none}}]
clusters: [{name: none, cluster: {server: "http://127.0.0.1:9"}}]
users: [{name: none, user: {}}]
`;

describe('the package, as npx installs it', () => {
  let folder: string;
  let files: readonly string[];

  /** npm finds nothing in its cache and asks no registry. */
  function npm(words: readonly string[], cwd: string): string {
    const args = [...words, '--offline', '--no-audit', '--no-fund', '--cache', join(folder, 'cache')];
    const { status, stdout, stderr } = spawnSync('npm', args, { cwd, encoding: 'utf8' });
    if (status !== 0) throw new Error(`npm ${words.join(' ')}: ${stderr}`);
    return stdout;
  }

  function run(...words: readonly string[]): readonly [status: number | null, printed: string] {
    const program = join(folder, 'node_modules/.bin/redis-cluster-topology');
    const env = { PATH: process.env['PATH'], KUBECONFIG: join(folder, 'kubeconfig') };
    const { status, stdout, stderr } = spawnSync(program, words, { cwd: folder, env, encoding: 'utf8' });
    return [status, `${stdout}${stderr}`];
  }

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'package-'));
    const [packed] = Packed.parse(JSON.parse(npm(['pack', '--json', '--pack-destination', folder], ROOT)));
    files = packed?.files.map(({ path }) => path) ?? [];
    writeFileSync(join(folder, 'package.json'), '{}');
    writeFileSync(join(folder, 'kubeconfig'), KUBECONFIG);
    npm(['install', join(folder, packed?.filename ?? '')], folder);
  });

  afterAll(() => rmSync(folder, { recursive: true }));

  test('holds the program for a terminal, and neither tests, sources nor the action', () => {
    const program = ['index.js', 'licenses.txt', 'package.json', 'terminal.js'].map((name) => `dist/cli/${name}`);
    expect(files.toSorted()).toEqual(['LICENSE', 'README.md', ...program, 'package.json']);
  });

  test('needs no other package, and explains itself', () => {
    expect(run('--help')).toEqual([0, expect.stringContaining('redis-cluster-topology plan')]);
  });

  test('says every mistake of a topology file', () => {
    writeFileSync(
      join(folder, 'topology.yaml'),
      'version: 1\nkubernetes: {statefulSet: redis}\nshards: -1\nreplicas: 1\n',
    );
    const [status, printed] = run('plan');
    expect([status, printed]).toEqual([
      1,
      expect.stringMatching(/topology\.yaml:3.*shards.*topology\.yaml:4.*replicas/s),
    ]);
  });

  test('goes as far as Kubernetes', () => {
    writeFileSync(join(folder, 'topology.yaml'), 'version: 1\nkubernetes: {statefulSet: redis}\nshards: 3\n');
    expect(run('plan')).toEqual([1, expect.stringContaining('API server at 127.0.0.1:9')]);
  });
});
