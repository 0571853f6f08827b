import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createKubernetes } from '../../src/adapters/kubernetes/kubernetes.ts';
import { systemClock } from '../../src/adapters/process/clock.ts';
import type { Pod } from '../../src/core/cluster.ts';
import type { Kubernetes, KubernetesView } from '../../src/ports/kubernetes.ts';
import { until } from '../../src/servers/until.ts';
import { createNamespace, type TestNamespace } from '../support/kubernetes.ts';
import { type SetChoices, statefulSet } from '../support/kubernetes-objects.ts';

const SPREAD_BY = ['kubernetes.io/hostname', 'topology.kubernetes.io/zone'];
const { signal } = new AbortController();

let namespace: TestNamespace;
let kubernetes: Kubernetes;

beforeAll(async () => {
  namespace = await createNamespace('look');
  kubernetes = createKubernetes(namespace.config);
});

afterAll(async () => {
  await namespace[Symbol.asyncDispose]();
});

/** Looks until what is seen is as wanted. */
function lookUntil(statefulSetName: string, wanted: (view: KubernetesView) => boolean): Promise<KubernetesView> {
  const place = namespace.place({ statefulSet: statefulSetName });
  return until(
    { clock: systemClock, tell: () => {}, stop: signal },
    { for: `the wanted view of ${statefulSetName}`, seconds: 120, remedy: 'Look at the cluster.' },
    async () => {
      const view = await kubernetes.look(place, { spreadBy: SPREAD_BY, signal });
      return wanted(view) ? { done: true, value: view } : { done: false, seen: JSON.stringify(view) };
    },
  );
}

describe('what runs', () => {
  test('pods, their place, address, memory limit and volumes are seen', async () => {
    await namespace.apply(statefulSet({ name: 'runs', replicas: 2, storageClass: '' }));

    const view = await lookUntil('runs', ({ pods }) => pods.length === 2 && pods.every((pod) => pod.ready));

    expect(view.workload).toEqual({
      name: 'runs',
      namespace: namespace.name,
      replicas: 2,
      firstOrdinal: 0,
      owners: [],
      claimTemplates: ['data'],
    });
    expect(view.pods.map((pod) => pod.name)).toEqual(['runs-0', 'runs-1']);
    for (const pod of view.pods) {
      expect(pod).toMatchObject({ deleting: false, trouble: null, memoryLimit: 64 * 1024 * 1024 });
      expect(pod.ip).toMatch(/^[0-9a-f.:]+$/);
      expect(pod.domains['kubernetes.io/hostname']).toBe(pod.node);
      expect(Object.keys(pod.domains)).toEqual(SPREAD_BY);
    }
    expect(view.volumes).toEqual([
      { claim: 'data-runs-0', ordinal: 0, bound: true, deleting: false },
      { claim: 'data-runs-1', ordinal: 1, bound: true, deleting: false },
    ]);
  });

  test('the declared container gives the memory limit', async () => {
    const place = namespace.place({ statefulSet: 'runs', container: 'sidecar' });
    const { pods } = await kubernetes.look(place, { spreadBy: [], signal });
    expect(pods[0]?.memoryLimit).toBe(32 * 1024 * 1024);
  });

  test('without name and port nobody knows which of several containers is meant, and no limit is taken', async () => {
    const place = namespace.place({ statefulSet: 'runs', port: 7000 });
    const { pods } = await kubernetes.look(place, { spreadBy: [], signal });
    expect(pods.map((pod) => pod.memoryLimit)).toEqual([null, null]);
  });

  test('a declared container that is not there is refused with the names of those that are', async () => {
    const place = namespace.place({ statefulSet: 'runs', container: 'redsi' });
    await expect(kubernetes.look(place, { spreadBy: [], signal })).rejects.toMatchObject({
      code: 'invalid-topology',
      message: expect.stringContaining('has no container "redsi": it has sidecar, redis.'),
    });
  });

  test('a StatefulSet whose name only begins alike is another one', async () => {
    await namespace.apply(statefulSet({ name: 'runs-too', replicas: 1, storageClass: '' }));
    await lookUntil('runs-too', ({ pods }) => pods.length === 1);
    const view = await lookUntil('runs', () => true);
    expect(view.pods.map((pod) => pod.name)).toEqual(['runs-0', 'runs-1']);
    expect(view.volumes.map((volume) => volume.claim)).toEqual(['data-runs-0', 'data-runs-1']);
  });
});

describe('what is not there', () => {
  test.each(['in a namespace that exists', 'in one that does not'])(
    'a StatefulSet that is missing, %s',
    async (where) => {
      const place = namespace.place({
        statefulSet: 'nowhere',
        ...(where.endsWith('not') ? { namespace: 'no-such' } : {}),
      });
      const view = await kubernetes.look(place, { spreadBy: SPREAD_BY, signal });
      expect(view).toMatchObject({ workload: null, pods: [], volumes: [] });
      expect(view.kubernetesNodes.map((node) => Object.keys(node))).toContainEqual(SPREAD_BY);
    },
  );
});

describe('why a pod does not start, in the words of Kubernetes', () => {
  const rows: readonly (readonly [what: string, choices: SetChoices, words: RegExp])[] = [
    ['unschedulable', { nodeSelector: { disk: 'golden' } }, /^Unschedulable: 0\/\d+ nodes are available: .*node/],
    ['image', { image: 'no-such-image:1' }, /^container \w+: (ErrImage\w*|ImagePullBackOff): .*no-such-image:1/],
    [
      'crash',
      { container: { command: ['sh', '-c', 'exit 3'] } },
      /^container redis: CrashLoopBackOff: .*; it last ended with 3 \(Error\)$/,
    ],
    [
      'config',
      { container: { env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'gone', key: 'a' } } }] } },
      /^container redis: CreateContainerConfigError: configmap "gone" not found$/,
    ],
    [
      'volume',
      { storageClass: 'no-such-class' },
      /^volume data-volume-0: ProvisioningFailed: .*"no-such-class" not found$/,
    ],
    [
      'probe',
      { container: { readinessProbe: { exec: { command: ['sh', '-c', 'echo not yet; exit 1'] }, periodSeconds: 1 } } },
      /^Unhealthy: Readiness probe failed: not yet$/,
    ],
  ];

  test.each(rows)('%s', async (name, choices, words) => {
    await namespace.apply(statefulSet({ ...choices, name }));
    const matches = (pod: Pod | undefined): boolean => words.test(pod?.trouble ?? '');

    const view = await lookUntil(name, ({ pods }) => matches(pods[0]));

    expect(view.pods[0]).toMatchObject({ ready: false });
  });

  test('a quota that forbids further pods is the trouble of the StatefulSet', async () => {
    await using small = await createNamespace('quota');
    await small.apply(
      { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'none' }, spec: { hard: { pods: '0' } } },
      statefulSet({ name: 'many' }),
    );
    const place = small.place({ statefulSet: 'many' });
    const look = () => kubernetes.look(place, { spreadBy: [], signal });
    const wait = { for: 'the quota', seconds: 120, remedy: '' };
    const trouble = await until({ clock: systemClock, tell: () => {}, stop: signal }, wait, async () => {
      const { workload } = await look();
      return workload?.trouble === undefined
        ? { done: false, seen: 'no trouble' }
        : { done: true, value: workload.trouble };
    });
    expect(trouble).toMatch(/^FailedCreate: .*exceeded quota: none/);
  });
});

describe('what else writes the number of pods', () => {
  test.each([
    ['argo', { 'argocd.argoproj.io/instance': 'cache' }, 'Argo CD (argocd.argoproj.io/instance: cache)'],
    ['flux', { 'kustomize.toolkit.fluxcd.io/name': 'apps' }, 'Flux (kustomize.toolkit.fluxcd.io/name: apps)'],
    ['helm', { 'app.kubernetes.io/managed-by': 'Helm' }, 'Helm (app.kubernetes.io/managed-by: Helm)'],
  ])('%s is known by its label', async (name, labels, owner) => {
    await namespace.apply(statefulSet({ name, labels, replicas: 0 }));
    expect((await lookUntil(name, () => true)).workload?.owners).toEqual([owner]);
  });

  test('an autoscaler that names the StatefulSet', async () => {
    await namespace.apply(statefulSet({ name: 'scaled', replicas: 0 }), {
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: { name: 'by-load' },
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'scaled' },
        minReplicas: 1,
        maxReplicas: 3,
      },
    });
    expect((await lookUntil('scaled', () => true)).workload?.owners).toEqual(['the HorizontalPodAutoscaler by-load']);
  });
});
