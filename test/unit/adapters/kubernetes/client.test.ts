import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { loadKubeConfig } from '../../../../src/adapters/kubernetes/client.ts';
import { Failure } from '../../../../src/core/failure.ts';

const CONTENT = `
apiVersion: v1
kind: Config
current-context: one
clusters:
  - name: c1
    cluster: { server: "https://one.example:6443" }
  - name: c2
    cluster: { server: "https://two.example:6443" }
users:
  - name: u
    user: { token: top-secret }
contexts:
  - name: one
    context: { cluster: c1, user: u }
  - name: two
    context: { cluster: c2, user: u }
  - name: torn
    context: { cluster: c3, user: u }
`;

const OTHER = `
clusters: [{name: d, cluster: {server: "https://other.example:6443"}}]
users: [{name: w, user: {token: other-secret}}]
contexts: [{name: other, context: {cluster: d, user: w}}]
`;

let home: string;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'kubeconfig-'));
  await writeFile(join(home, 'config'), CONTENT);
});

afterAll(async () => {
  await rm(home, { recursive: true });
});

function failureOf(work: () => unknown): Failure {
  try {
    work();
  } catch (thrown) {
    if (thrown instanceof Failure) return thrown;
    throw thrown;
  }
  throw new Error('It did not fail.');
}

describe('a kubeconfig is found', () => {
  test('as content', () => {
    const config = loadKubeConfig({ kubeconfig: CONTENT, context: null }, {});
    expect(config.getCurrentCluster()?.server).toBe('https://one.example:6443');
  });

  test('as a path', () => {
    const config = loadKubeConfig({ kubeconfig: join(home, 'config'), context: null }, {});
    expect(config.getCurrentCluster()?.server).toBe('https://one.example:6443');
  });

  test('as the files that KUBECONFIG names, one beside the other', async () => {
    await writeFile(join(home, 'other'), OTHER);
    const paths = [join(home, 'config'), join(home, 'other')];
    const config = loadKubeConfig({ kubeconfig: null, context: 'one' }, { KUBECONFIG: paths.join(delimiter) });
    expect(config.getCurrentCluster()?.server).toBe('https://one.example:6443');
    expect(config.getContexts().map(({ name }) => name)).toContain('other');
  });

  test('at home, also where KUBECONFIG names no file at all', async () => {
    await mkdir(join(home, '.kube'));
    await writeFile(join(home, '.kube', 'config'), CONTENT);
    for (const none of [{}, { KUBECONFIG: '' }, { KUBECONFIG: delimiter }]) {
      const config = loadKubeConfig({ kubeconfig: null, context: null }, { HOME: home, ...none });
      expect(config.getCurrentCluster()?.server).toBe('https://one.example:6443');
    }
  });

  test('with the context asked for', () => {
    const config = loadKubeConfig({ kubeconfig: CONTENT, context: 'two' }, {});
    expect(config.getCurrentCluster()?.server).toBe('https://two.example:6443');
  });
});

describe('a kubeconfig that cannot be used is named, and nothing of it is shown', () => {
  const CASES: readonly (readonly [what: string, kubeconfig: string, context: string | null, message: string])[] = [
    ['no YAML', `token: "top-secret\n${CONTENT}`, null, 'it is not valid YAML with clusters, users and contexts'],
    ['a word', 'top-secret\n', null, 'there is no such file'],
    ['an empty object', '{}', null, 'it has no contexts, so it is empty or no kubeconfig'],
    ['an empty object, with a context asked for', '{}', 'one', 'it has no contexts, so it is empty or no kubeconfig'],
    [
      'three contexts, none of them the current one',
      CONTENT.replace('current-context: one', ''),
      null,
      'it names no current context; it has "one", "two", "torn"',
    ],
    ['a context that is not there', CONTENT, 'three', 'there is no context "three"; it has "one", "two", "torn"'],
    [
      'a context without its cluster',
      CONTENT,
      'torn',
      'its context "torn" names a cluster or user that it does not have',
    ],
    ['a path that is not there', '/no/such/file', null, 'nor the path of a file that is there: there is no such file'],
    ['one in base64', Buffer.from(CONTENT).toString('base64'), null, 'one in base64 has to be decoded before'],
  ];

  test.each(CASES)('%s', (_, kubeconfig, context, message) => {
    const failure = failureOf(() => loadKubeConfig({ kubeconfig, context }, {}));
    expect(failure.code).toBe('kubernetes-unreachable');
    expect(failure.message).toContain(message);
    if (kubeconfig.includes('token')) expect(JSON.stringify([failure, failure.message])).not.toContain('top-secret');
    expect(failure.cause).toBeUndefined();
    expect(failure.message).not.toContain(kubeconfig);
  });

  test('none at all', () => {
    const failure = failureOf(() => loadKubeConfig({ kubeconfig: null, context: null }, { HOME: join(home, 'empty') }));
    expect(failure).toMatchObject({ code: 'kubernetes-unreachable' });
    expect(failure.message).toContain('no kubeconfig was given');
  });
});
