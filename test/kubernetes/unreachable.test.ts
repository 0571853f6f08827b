import { createServer, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { KubeConfig } from '@kubernetes/client-node';
import { createKubernetes } from '../../src/adapters/kubernetes/kubernetes.ts';
import { createNamespace, type TestNamespace, testConfig } from '../support/kubernetes.ts';

const { signal } = new AbortController();

let namespace: TestNamespace;

beforeAll(async () => {
  namespace = await createNamespace('away');
});

afterAll(async () => {
  await namespace[Symbol.asyncDispose]();
});

/** The cluster's kubeconfig with one thing changed. */
function changed(
  cluster: { server?: string; caData?: string },
  user: { token?: string; exec?: object } = {},
): KubeConfig {
  const real = testConfig();
  const config = new KubeConfig();
  const now = real.getCurrentCluster();
  config.loadFromClusterAndUser(
    {
      name: 'c',
      server: now?.server ?? '',
      skipTLSVerify: false,
      ...(now?.caData ? { caData: now.caData } : {}),
      ...cluster,
    },
    { name: 'u', ...user },
  );
  return config;
}

function readLease(config: KubeConfig) {
  return createKubernetes(config).readLease(namespace.place(), 'any', { signal });
}

describe('the API server cannot be used, and the failure says why', () => {
  test('a token that is not valid, without showing it', async () => {
    const failure: unknown = await readLease(changed({}, { token: 'top-secret' })).catch((thrown: unknown) => thrown);
    expect(failure).toMatchObject({
      code: 'kubernetes-unreachable',
      message: expect.stringContaining('does not accept the credentials of the kubeconfig (401)'),
    });
    expect(JSON.stringify([failure, String(failure)])).not.toContain('top-secret');
  });

  test('a program to log in that is not there', async () => {
    const exec = {
      apiVersion: 'client.authentication.k8s.io/v1',
      command: 'no-such-program',
      interactiveMode: 'Never',
    };
    await expect(readLease(changed({}, { exec }))).rejects.toMatchObject({
      code: 'kubernetes-unreachable',
      message: expect.stringMatching(
        /the kubeconfig's way to log in to the API server at \S+ fails \(.*no-such-program.*\)\.$/,
      ),
      remedy: expect.stringContaining('install it on this runner and log in before this step'),
    });
  });

  test('a port where nothing listens', async () => {
    await expect(readLease(changed({ server: 'https://127.0.0.1:1' }))).rejects.toMatchObject({
      code: 'kubernetes-unreachable',
      message: `Cannot get leases any in namespace ${namespace.name}: the Kubernetes API server at 127.0.0.1:1 refuses connections.`,
    });
  });

  test('a name that does not resolve', async () => {
    // A label has at most 63 characters: no resolver is asked, which may take its time.
    const name = `${'a'.repeat(64)}.invalid:6443`;
    await expect(readLease(changed({ server: `https://${name}` }))).rejects.toMatchObject({
      code: 'kubernetes-unreachable',
      message: expect.stringContaining(`${name} cannot be found: its name does not resolve`),
    });
  });

  test('a certificate of somebody else', async () => {
    const config = changed({});
    const [cluster] = config.clusters;
    config.clusters = [{ name: 'c', server: cluster?.server ?? '', skipTLSVerify: false }];
    await expect(readLease(config)).rejects.toMatchObject({
      code: 'kubernetes-unreachable',
      message: expect.stringContaining('has a certificate that is not trusted'),
    });
  });

  test('a server that accepts and never answers: a lease is given up after 3 s', async () => {
    const accepted: Socket[] = [];
    const silent = createServer((socket) => accepted.push(socket));
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const address = silent.address();
    const port = typeof address === 'object' ? address?.port : 0;
    await expect(readLease(changed({ server: `https://127.0.0.1:${port}` }))).rejects.toMatchObject({
      code: 'kubernetes-unreachable',
      message: expect.stringContaining('did not answer in time'),
    });
    for (const socket of accepted) socket.destroy();
    silent.close();
  });

  test('who is told to stop does not wait for the next attempt', async () => {
    const reason = new Error('stop');
    const stop = new AbortController();
    const kubernetes = createKubernetes(changed({ server: 'https://127.0.0.1:1' }));
    const looking = kubernetes.look(namespace.place(), { spreadBy: [], signal: stop.signal });
    setTimeout(() => stop.abort(reason), 300);
    await expect(looking).rejects.toBe(reason);
  });
});
