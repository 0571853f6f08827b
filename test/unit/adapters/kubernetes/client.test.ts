import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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

  test('with the context asked for', () => {
    const config = loadKubeConfig({ kubeconfig: CONTENT, context: 'two' }, {});
    expect(config.getCurrentCluster()?.server).toBe('https://two.example:6443');
  });
});

describe('a kubeconfig that cannot be used is named, and nothing of it is shown', () => {
  const CASES: readonly (readonly [what: string, kubeconfig: string, context: string | null, message: string])[] = [
    ['no YAML', `token: "top-secret\n${CONTENT}`, null, 'it is not valid YAML with clusters, users and contexts'],
    ['a word', 'top-secret\n', null, 'there is no such file'],
    ['an empty object', '{}', null, 'it names no current context; it has none'],
    ['a context that is not there', CONTENT, 'three', 'there is no context "three"; it has "one", "two", "torn"'],
    [
      'a context without its cluster',
      CONTENT,
      'torn',
      'its context "torn" names a cluster or user that it does not have',
    ],
    ['a path that is not there', '/no/such/file', null, 'there is no such file'],
  ];

  test.each(CASES)('%s', (_, kubeconfig, context, message) => {
    const failure = failureOf(() => loadKubeConfig({ kubeconfig, context }, {}));
    expect(failure.code).toBe('kubernetes-unreachable');
    expect(failure.message).toContain(message);
    if (kubeconfig.includes('token')) expect(JSON.stringify([failure, failure.message])).not.toContain('top-secret');
    expect(failure.cause).toBeUndefined();
  });

  test('none at all', () => {
    const failure = failureOf(() => loadKubeConfig({ kubeconfig: null, context: null }, { HOME: join(home, 'empty') }));
    expect(failure).toMatchObject({ code: 'kubernetes-unreachable' });
    expect(failure.message).toContain('no kubeconfig was given');
  });
});
