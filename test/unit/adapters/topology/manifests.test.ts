import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readManifests } from '../../../../src/adapters/topology/manifests.ts';
import type { ManifestSet } from '../../../../src/core/cluster.ts';
import { Failure } from '../../../../src/core/failure.ts';

const SET = `
apiVersion: apps/v1
kind: StatefulSet
metadata: { name: redis-cluster }
spec:
  ordinals: { start: 5 }
  volumeClaimTemplates:
    - metadata: { name: data }
    - metadata: { name: logs }
`;

const CONFIG = `
apiVersion: v1
kind: ConfigMap
metadata: { name: conf }
data: { mode: "0755" }
`;

let root: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'manifests-'));
});

afterAll(async () => {
  await rm(root, { recursive: true });
});

/** Reads files written into a workspace of their own. */
async function read(files: Readonly<Record<string, string>>, path = 'm', namespace = 'cache'): Promise<ManifestSet> {
  const workspace = await mkdtemp(join(root, 'w-'));
  await mkdir(join(workspace, 'm'));
  for (const [name, text] of Object.entries(files)) await writeFile(join(workspace, 'm', name), text);
  return readIn(workspace, path, namespace);
}

async function readIn(workspace: string, path: string, namespace = 'cache'): Promise<ManifestSet> {
  const place = { namespace, statefulSet: 'redis-cluster', container: null, port: 6379, manifests: path };
  const manifests = await readManifests(workspace, place);
  if (manifests === null) throw new Error('Nothing was read.');
  return manifests;
}

async function failureOf(work: Promise<unknown>): Promise<Failure> {
  const thrown: unknown = await work.then(
    () => new Error('It did not fail.'),
    (reason: unknown) => reason,
  );
  if (thrown instanceof Failure) return thrown;
  throw thrown;
}

test('where none are declared, there are none', async () => {
  const place = { namespace: 'a', statefulSet: 'b', container: null, port: 6379, manifests: null };
  expect(await readManifests(root, place)).toBeNull();
});

describe('what is read', () => {
  test('documents of all files, in the order of applying, the StatefulSet last', async () => {
    const others = ['PodDisruptionBudget', 'Service', 'Secret', 'Namespace', 'ServiceAccount', 'ServiceMonitor']
      .map((kind) => `apiVersion: v1\nkind: ${kind}\nmetadata: { name: a }\n`)
      .join('---\n');
    const manifests = await read({
      'a.yaml': `${SET}---\n${CONFIG}`,
      'b.yml': `---\n${others}---\n# nothing\n`,
      'note.txt': 'x',
    });
    expect(manifests.resources.map(({ kind }) => kind)).toEqual([
      'Namespace',
      'ServiceAccount',
      'ConfigMap',
      'Secret',
      'Service',
      'ServiceMonitor',
      'PodDisruptionBudget',
      'StatefulSet',
    ]);
    expect(manifests).toMatchObject({ path: 'm', firstOrdinal: 5, claimTemplates: ['data', 'logs'] });
  });

  test('one file, JSON, and a List', async () => {
    const list = {
      apiVersion: 'v1',
      kind: 'List',
      items: [{ apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' } }],
    };
    const manifests = await read({ 'a.yaml': SET, 'b.json': JSON.stringify(list) });
    expect(manifests.resources.map(({ kind, name }) => `${kind}/${name}`)).toEqual([
      'Secret/s',
      'StatefulSet/redis-cluster',
    ]);
    expect((await read({ 'a.yaml': SET, 'b.yaml': CONFIG }, 'm/a.yaml')).resources).toHaveLength(1);
  });

  test('the YAML that kubectl reads: octal numbers, yes and no, and times as text', async () => {
    const manifests = await read({
      'a.yaml': `${SET}---\napiVersion: v1\nkind: Odd\nmetadata: { name: a }\nspec: { mode: 0755, on: yes, at: 22:30, day: 2019-01-02 }\n`,
    });
    expect(manifests.resources[0]?.document).toMatchObject({
      spec: { mode: 493, true: true, at: '22:30', day: '2019-01-02' },
    });
  });

  test('what is marked to be applied by hand is left out', async () => {
    const role =
      'apiVersion: v1\nkind: Role\nmetadata: { name: a, annotations: { redis-cluster-topology/apply: never } }\n';
    expect((await read({ 'a.yaml': `${SET}---\n${role}` })).resources).toHaveLength(1);
  });

  test('the digest is that of the content, not of names, order and spelling', async () => {
    const one = await read({ 'a.yaml': `${SET}---\n${CONFIG}` });
    const same = await read({ 'x.yaml': CONFIG.replace('"0755"', "'0755'"), 'y.yaml': `# the set\n${SET}` });
    const other = await read({ 'a.yaml': `${SET}---\n${CONFIG.replace('0755', '0700')}` });
    expect(one.digest).toMatch(/^[0-9a-f]{12}$/);
    expect(same.digest).toBe(one.digest);
    expect(other.digest).not.toBe(one.digest);
  });

  test('the manifests of this repository', async () => {
    const manifests = await readIn(process.cwd(), 'manifests', 'cache');
    expect(manifests.resources.map(({ kind, name }) => `${kind}/${name}`)).toEqual([
      'ConfigMap/redis-cluster',
      'Service/redis-cluster',
      'Service/redis-cluster-client',
      'PodDisruptionBudget/redis-cluster',
      'StatefulSet/redis-cluster',
    ]);
  });
});

describe('what is wrong is said with its place', () => {
  const CASES: readonly (readonly [what: string, text: string, mistakes: readonly unknown[]])[] = [
    ['no StatefulSet', CONFIG, ['the StatefulSet "redis-cluster" of the topology is missing: there is none']],
    [
      'another StatefulSet',
      SET.replace('redis-cluster', 'other'),
      ['the StatefulSet "redis-cluster" of the topology is missing: there is only "other"'],
    ],
    ['one twice', `${SET}---\n${CONFIG}---\n${CONFIG}`, ['ConfigMap/conf is there twice']],
    [
      'another namespace',
      SET.replace('name: redis-cluster', 'name: redis-cluster, namespace: x'),
      ['StatefulSet/redis-cluster is for the namespace "x", and the topology for "cache"'],
    ],
    ['no resource', `${SET}---\n- a\n`, ['m/a.yaml:11: this is no Kubernetes resource']],
    [
      'two mistakes at once',
      `kind: 7\nmetadata: {}\n---\n${SET}---\nstill: [open\n`,
      [
        'm/a.yaml:1: apiVersion is missing or not of its form',
        'm/a.yaml:1: kind is missing or not of its form',
        'm/a.yaml:1: metadata.name is missing or not of its form',
        expect.stringMatching(/^m\/a\.yaml:1[45]: Flow sequence/),
      ],
    ],
    [
      'a Kustomization',
      'apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nmetadata: { name: a }\n',
      [expect.stringContaining('a Kustomization is not applied by itself')],
    ],
    [
      'a bomb of aliases',
      `a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c]\n`,
      [expect.stringMatching(/^m\/a\.yaml:1: Excessive alias count/)],
    ],
  ];

  test.each(CASES)('%s', async (_, text, mistakes) => {
    const failure = await failureOf(read({ 'a.yaml': text }));
    expect(failure.code).toBe('invalid-manifests');
    expect(failure.details).toEqual(mistakes);
  });

  test('a declared container that the StatefulSet lacks is named with those that it has', async () => {
    const workspace = await mkdtemp(join(root, 'w-'));
    const template = '  template: {spec: {containers: [{name: metrics}, {name: redis}]}}';
    await writeFile(join(workspace, 'set.yaml'), `${SET}${template}\n`);
    const place = { namespace: 'cache', statefulSet: 'redis-cluster', port: 6379, manifests: 'set.yaml' };
    const failure = await failureOf(readManifests(workspace, { ...place, container: 'redsi' }));
    expect(failure.details).toEqual([
      'StatefulSet/redis-cluster has no container "redsi", which `kubernetes.container` of the topology names: it has metrics, redis',
    ]);
    expect(await readManifests(workspace, { ...place, container: 'redis' })).not.toBeNull();
  });

  test('the text of a Secret is not shown', async () => {
    const failure = await failureOf(
      read({ 'a.yaml': `${SET}---\nkind: Secret\nstringData: { password: top-secret, [\n` }),
    );
    expect(JSON.stringify([failure, failure.message])).not.toContain('top-secret');
  });
});

describe('paths stay in the workspace', () => {
  test.each([
    ['../..', 'the path leads out of the workspace'],
    ['/etc/hostname', 'the path leads out of the workspace'],
    ['nowhere', 'there is no file or folder "nowhere"'],
    ['empty', 'the folder holds no .yaml, .yml or .json file'],
    ['link.yaml', 'the path leads out of the workspace'],
    ['links', 'the path leads out of the workspace'],
  ])('%s', async (path, words) => {
    const workspace = await mkdtemp(join(root, 'w-'));
    await mkdir(join(workspace, 'empty'));
    await mkdir(join(workspace, 'links'));
    await symlink('/etc/passwd', join(workspace, 'link.yaml'));
    await symlink('/etc/passwd', join(workspace, 'links', 'a.yaml'));
    const failure = await failureOf(readIn(workspace, path));
    expect(failure.code).toBe('invalid-manifests');
    expect(failure.message).toContain(words);
  });
});
