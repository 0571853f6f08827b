import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiException, CoreV1Api, type KubeConfig, KubernetesObjectApi, PatchStrategy } from '@kubernetes/client-node';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { loadKubeConfig } from '../../src/adapters/kubernetes/client.ts';
import type { Place } from '../../src/core/topology.ts';
import type { TestObject } from './kubernetes-objects.ts';

/** The cluster that `KUBECONFIG` names. Tests against Kubernetes are never skipped: without one they fail. */
export function testConfig(): KubeConfig {
  if ((process.env['KUBECONFIG'] ?? '') === '') {
    throw new Error(
      'These tests need a real Kubernetes: set KUBECONFIG to the kubeconfig of one that may be written to.',
    );
  }
  return loadKubeConfig({ kubeconfig: null, context: null }, process.env);
}

/** A namespace of the test's own, with what tests do beside the product. Disposing removes all that was made. */
export interface TestNamespace extends AsyncDisposable {
  readonly name: string;
  readonly config: KubeConfig;
  /** Where a cluster is in this namespace. */
  place(changes?: Partial<Place>): Place;
  /** Applies objects; those of a namespace go into this one. */
  apply(...objects: readonly TestObject[]): Promise<void>;
  /** Applies a YAML file after changing its text. */
  applyFile(path: string, change?: (text: string) => string): Promise<void>;
  /** A kubeconfig (its content) that logs in as one of the namespace's service accounts. */
  accountConfig(serviceAccount: string): Promise<string>;
  /** As a person or a rolling update deletes a pod: with preStop and grace period. */
  deletePod(name: string): Promise<void>;
  /** Gone at once, as when a Kubernetes node dies: without preStop and grace period. */
  killPod(name: string): Promise<void>;
  /** As a drain of its Kubernetes node asks for it; false where a PodDisruptionBudget forbids it for now. */
  evictPod(name: string): Promise<boolean>;
  /** Sets the number of pods of a StatefulSet, as a person or an autoscaler does it. */
  scale(statefulSet: string, replicas: number): Promise<void>;
  /** Makes a Lease look as if its holder had been killed longer ago than it lasts. */
  expireLease(name: string): Promise<void>;
  /** Whether new pods may be scheduled on a Kubernetes node. */
  setSchedulable(node: string, isSchedulable: boolean): Promise<void>;
  /** Gives a Kubernetes node a label, for all tests to see; null takes it away. */
  labelNode(node: string, label: string, value: string | null): Promise<void>;
}

/** @param purpose a word for the namespace's name */
export async function createNamespace(purpose: string): Promise<TestNamespace> {
  const config = testConfig();
  const name = `rct-${purpose}-${randomBytes(3).toString('hex')}`;
  const core = config.makeApiClient(CoreV1Api);
  const objects = KubernetesObjectApi.makeApiClient(config);
  const ofTheCluster: TestObject[] = [];
  await core.createNamespace({ body: { metadata: { name } } });
  await untilDefaultAccount(core, name);

  const apply = async (...wanted: readonly TestObject[]): Promise<void> => {
    for (const object of wanted) {
      const placed = { ...object, metadata: { ...object.metadata, namespace: name } };
      const made = await objects.patch(placed, undefined, undefined, 'test', true, PatchStrategy.ServerSideApply);
      if (made.metadata?.namespace === undefined) ofTheCluster.push(object);
    }
  };
  const merge = async (change: TestObject): Promise<void> => {
    await objects.patch(change, undefined, undefined, 'test', undefined, PatchStrategy.MergePatch);
  };
  return {
    name,
    config,
    place: (changes) => ({
      namespace: name,
      statefulSet: 'redis-cluster',
      container: null,
      port: 6379,
      manifests: null,
      ...changes,
    }),
    apply,
    applyFile: async (path, change = (text) => text) => apply(...objectsOf(change(await readFile(path, 'utf8')))),
    accountConfig: (serviceAccount) => accountConfig(config, core, name, serviceAccount),
    deletePod: async (pod) => {
      await core.deleteNamespacedPod({ namespace: name, name: pod });
    },
    killPod: async (pod) => {
      await core.deleteNamespacedPod({ namespace: name, name: pod, gracePeriodSeconds: 0 });
    },
    evictPod: (pod) => evict(core, name, pod),
    scale: async (statefulSet, replicas) => {
      const metadata = { name: statefulSet, namespace: name };
      await merge({ apiVersion: 'apps/v1', kind: 'StatefulSet', metadata, spec: { replicas } });
    },
    expireLease: (lease) => {
      const renewTime = new Date(Date.now() - 120_000).toISOString().replace('Z', '000Z');
      const metadata = { name: lease, namespace: name };
      return merge({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec: { renewTime } });
    },
    setSchedulable: (node, isSchedulable) =>
      merge({ apiVersion: 'v1', kind: 'Node', metadata: { name: node }, spec: { unschedulable: !isSchedulable } }),
    labelNode: (node, label, value) =>
      merge({ apiVersion: 'v1', kind: 'Node', metadata: { name: node, labels: { [label]: value } } }),
    async [Symbol.asyncDispose]() {
      for (const object of ofTheCluster) await objects.delete(object).catch(unlessGone);
      await core.deleteNamespace({ name });
      // Kubernetes waits five seconds before it begins with what is in a namespace.
      await core.deleteCollectionNamespacedPod({ namespace: name });
      await untilEmpty(core, name);
    },
  };
}

const OBJECT = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string() }),
});

/** The documents of a YAML text as objects that can be applied. */
function objectsOf(text: string): readonly TestObject[] {
  return parseAllDocuments(text, { version: '1.1' }).map((document) => OBJECT.parse(document.toJS()));
}

/** Pods of a new namespace are refused until its service account `default` is there. */
async function untilDefaultAccount(core: CoreV1Api, namespace: string): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      await core.readNamespacedServiceAccount({ namespace, name: 'default' });
      return;
    } catch (thrown) {
      if (!isGone(thrown) || attempt > 100) throw thrown;
      await sleep(100);
    }
  }
}

async function evict(core: CoreV1Api, namespace: string, pod: string): Promise<boolean> {
  const metadata = { name: pod, namespace };
  const body = { apiVersion: 'policy/v1', kind: 'Eviction', metadata };
  try {
    await core.createNamespacedPodEviction({ namespace, name: pod, body });
    return true;
  } catch (thrown) {
    if (thrown instanceof ApiException && thrown.code === 429) return false;
    throw thrown;
  }
}

/** Then nothing of it is in the way of the next test. Kubernetes is done with the namespace itself ten seconds later. */
async function untilEmpty(core: CoreV1Api, namespace: string): Promise<void> {
  const deadline = Date.now() + 120_000;
  for (;;) {
    const { items } = await core.listNamespacedPod({ namespace });
    if (items.length === 0) return;
    if (Date.now() > deadline) throw new Error(`The namespace ${namespace} still had pods after 2 minutes.`);
    await sleep(300);
  }
}

async function accountConfig(
  admin: KubeConfig,
  core: CoreV1Api,
  namespace: string,
  serviceAccount: string,
): Promise<string> {
  const { status } = await core.createNamespacedServiceAccountToken({
    namespace,
    name: serviceAccount,
    body: { spec: { audiences: [], expirationSeconds: 7_200 } },
  });
  const cluster = admin.getCurrentCluster();
  if (status === undefined || cluster === null) throw new Error(`No token was given for ${serviceAccount}.`);
  const authority = cluster.caData ?? (cluster.caFile === undefined ? '' : await readFile(cluster.caFile, 'base64'));
  return JSON.stringify(
    {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'test',
      clusters: [{ name: 'test', cluster: { server: cluster.server, 'certificate-authority-data': authority } }],
      users: [{ name: serviceAccount, user: { token: status.token } }],
      contexts: [{ name: 'test', context: { cluster: 'test', user: serviceAccount, namespace } }],
    },
    null,
    2,
  );
}

function unlessGone(thrown: unknown): void {
  if (!isGone(thrown)) throw thrown;
}

function isGone(thrown: unknown): boolean {
  return thrown instanceof ApiException && thrown.code === 404;
}
