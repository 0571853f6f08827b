import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { loadKubeConfig } from '../../src/adapters/kubernetes/client.ts';
import { createKubernetes } from '../../src/adapters/kubernetes/kubernetes.ts';
import { tunnelTo } from '../../src/adapters/kubernetes/tunnel.ts';
import type { ManifestSet, Pod } from '../../src/core/cluster.ts';
import { Failure } from '../../src/core/failure.ts';
import type { Kubernetes } from '../../src/ports/kubernetes.ts';
import { createNamespace, type TestNamespace } from '../support/kubernetes.ts';
import { statefulSet } from '../support/kubernetes-objects.ts';

const { signal } = new AbortController();
const SPREAD_BY = ['kubernetes.io/hostname'];

let namespace: TestNamespace;

beforeAll(async () => {
  namespace = await createNamespace('rights');
  await namespace.applyFile('manifests/rbac.yaml', (text) =>
    text
      .replaceAll('namespace: cache', `namespace: ${namespace.name}`)
      .replaceAll('redis-cluster-topology-nodes', `redis-cluster-topology-nodes-${namespace.name}`),
  );
  await namespace.apply(statefulSet({ replicas: 0 }));
});

afterAll(async () => {
  await namespace[Symbol.asyncDispose]();
});

async function as(account: string): Promise<Kubernetes> {
  const kubeconfig = await namespace.accountConfig(account);
  return createKubernetes(loadKubeConfig({ kubeconfig, context: null }, {}));
}

async function failureOf(work: Promise<unknown>): Promise<Failure> {
  const thrown: unknown = await work.then(
    () => new Error('It was allowed.'),
    (reason: unknown) => reason,
  );
  if (thrown instanceof Failure) return thrown;
  throw thrown;
}

describe('the account that plans', () => {
  test('may look at everything', async () => {
    const kubernetes = await as('redis-cluster-topology-plan');
    const view = await kubernetes.look(namespace.place(), { spreadBy: SPREAD_BY, signal });
    expect(view.workload).toMatchObject({ name: 'redis-cluster', replicas: 0 });
    expect(await kubernetes.readLease(namespace.place(), 'any', { signal })).toBeNull();
    expect(await kubernetes.existing(namespace.place(), manifests().resources, { signal })).toEqual([]);
  });

  test('may change nothing, and is told the missing verb and resource each time', async () => {
    const kubernetes = await as('redis-cluster-topology-plan');
    const place = namespace.place();
    const inNamespace = `in namespace ${namespace.name}`;
    const lease = { holder: 'x', token: 'x', seconds: 30, note: '' };
    const ref = { apiVersion: 'v1', kind: 'ConfigMap', name: 'any', namespace: null };
    const attempts: readonly (readonly [words: string, attempt: () => Promise<unknown>])[] = [
      ['get statefulsets/scale', () => kubernetes.scale(place, { from: 0, to: 1 }, { signal })],
      ['delete persistentvolumeclaims', () => kubernetes.deleteVolumes(place, ['data-redis-cluster-0'], { signal })],
      ['create leases', () => kubernetes.writeLease(place, 'any', lease, { version: null, signal })],
      ['update leases', () => kubernetes.writeLease(place, 'any', lease, { version: '1', signal })],
      ['delete configmaps', () => kubernetes.deleteResources(place, [ref], { signal })],
      ['patch configmaps', () => kubernetes.applyManifests(place, manifests(), { replicas: 6, signal })],
    ];
    for (const [words, attempt] of attempts) {
      const failure = await failureOf(attempt());
      expect(failure).toMatchObject({
        code: 'kubernetes-forbidden',
        message: `May not ${words} ${inNamespace}: Kubernetes refuses it.`,
      });
    }
  });
});

describe('the account that applies', () => {
  test('may create, scale and delete what manifests/redis-cluster.yaml holds, and lock', async () => {
    const kubernetes = await as('redis-cluster-topology-apply');
    const place = namespace.place();
    const lease = { holder: 'x', token: 'x', seconds: 30, note: '' };
    const ref = { apiVersion: 'v1', kind: 'ConfigMap', name: 'any', namespace: null };
    expect(await kubernetes.writeLease(place, 'lock', lease, { version: null, signal })).toBe('written');
    await kubernetes.scale(place, { from: 0, to: 1 }, { signal });
    await kubernetes.applyManifests(place, manifests(), { replicas: 0, signal });
    expect(await kubernetes.existing(place, [ref], { signal })).toEqual([ref]);
    await kubernetes.deleteResources(place, [ref], { signal });
    expect(await kubernetes.existing(place, [ref], { signal })).toEqual([]);
    await kubernetes.deleteVolumes(place, ['data-redis-cluster-9'], { signal });
  });
});

describe('without one right, that one is named', () => {
  test.each([
    ['statefulsets', 'get', 'apps', 'get statefulsets in namespace NS'],
    ['pods', 'list', '', 'list pods in namespace NS'],
    ['persistentvolumeclaims', 'list', '', 'list persistentvolumeclaims in namespace NS'],
    ['nodes', 'list', '', 'list nodes'],
  ])('%s', async (resource, verb, group, words) => {
    const account = `without-${resource}`;
    await giveAllBut(account, resource);
    const kubernetes = await as(account);

    const failure = await failureOf(kubernetes.look(namespace.place(), { spreadBy: SPREAD_BY, signal }));

    expect(failure.code).toBe('kubernetes-forbidden');
    expect(failure.message).toBe(`May not ${words.replace('NS', namespace.name)}: Kubernetes refuses it.`);
    expect(failure.remedy).toContain(`apiGroups ["${group}"], resources ["${resource}"], verbs ["${verb}"]`);
    expect(failure.details[0]).toContain(`system:serviceaccount:${namespace.name}:${account}`);
  });

  test.each(['events', 'horizontalpodautoscalers'])('%s are done without', async (resource) => {
    const account = `without-${resource}`;
    await giveAllBut(account, resource);
    const kubernetes = await as(account);
    const view = await kubernetes.look(namespace.place(), { spreadBy: SPREAD_BY, signal });
    expect(view.workload?.name).toBe('redis-cluster');
  });

  test('pods/portforward', async () => {
    const account = 'without-tunnels';
    await giveAllBut(account, 'pods/portforward');
    const config = loadKubeConfig({ kubeconfig: await namespace.accountConfig(account), context: null }, {});
    const failure = await failureOf(tunnelTo(config, namespace.place())(pod('redis-cluster-0'), { signal }));
    expect(failure.code).toBe('kubernetes-forbidden');
    expect(failure.message).toContain(`create pods/portforward in namespace ${namespace.name}`);
    // What older servers ask for, and what newer ones do.
    expect(failure.remedy).toContain('verbs ["get", "create"]');
    expect(failure.remedy).toContain('`connect: direct`');
  });
});

/** A service account with the rights of the planning one but for one resource. */
async function giveAllBut(account: string, without: string): Promise<void> {
  const rules = [
    { apiGroups: ['apps'], resources: ['statefulsets'], verbs: ['get'] },
    { apiGroups: [''], resources: ['pods', 'persistentvolumeclaims', 'events'], verbs: ['list'] },
    { apiGroups: [''], resources: ['pods/portforward'], verbs: ['get', 'create'] },
    { apiGroups: ['autoscaling'], resources: ['horizontalpodautoscalers'], verbs: ['list'] },
    { apiGroups: [''], resources: ['nodes'], verbs: ['list'] },
  ].map((rule) => ({ ...rule, resources: rule.resources.filter((resource) => resource !== without) }));
  const name = `${account}-${namespace.name}`;
  const subjects = [{ kind: 'ServiceAccount', name: account, namespace: namespace.name }];
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name };
  const apiVersion = 'rbac.authorization.k8s.io/v1';
  await namespace.apply(
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: account } },
    {
      apiVersion,
      kind: 'ClusterRole',
      metadata: { name },
      rules: rules.filter((rule) => rule.resources.length > 0),
    },
    { apiVersion, kind: 'ClusterRoleBinding', metadata: { name }, roleRef, subjects },
  );
}

function manifests(): ManifestSet {
  const document = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'any' }, data: { a: 'b' } };
  return {
    path: 'manifests',
    resources: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'any', namespace: null, document }],
    digest: '000000000000',
    firstOrdinal: 0,
    claimTemplates: [],
  };
}

function pod(name: string): Pod {
  return {
    name,
    ordinal: 0,
    uid: null,
    ip: null,
    node: null,
    domains: {},
    ready: true,
    deleting: false,
    trouble: null,
    memoryLimit: null,
  };
}
