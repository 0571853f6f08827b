import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createKubernetes } from '../../src/adapters/kubernetes/kubernetes.ts';
import { directDial } from '../../src/adapters/redis/dial.ts';
import { createRedis } from '../../src/adapters/redis/redis.ts';
import { readManifests } from '../../src/adapters/topology/manifests.ts';
import type { Cluster, ManifestSet } from '../../src/core/cluster.ts';
import { Failure } from '../../src/core/failure.ts';
import type { Place } from '../../src/core/topology.ts';
import type { Redis } from '../../src/ports/redis.ts';
import { run as applyManifests } from '../../src/steps/apply-manifests/run.ts';
import type { ApplyManifests } from '../../src/steps/apply-manifests/shape.ts';
import { run as deleteResources } from '../../src/steps/delete-resources/run.ts';
import { run as deleteVolumes } from '../../src/steps/delete-volumes/run.ts';
import { run as scale } from '../../src/steps/scale/run.ts';
import { run as waitForPods } from '../../src/steps/wait-for-pods/run.ts';
import { createNamespace, type TestNamespace } from '../support/kubernetes.ts';
import { statefulSet } from '../support/kubernetes-objects.ts';
import { stepContext } from '../support/step-context.ts';

const { signal } = new AbortController();
const opened = new AsyncDisposableStack();

afterAll(async () => {
  await opened.disposeAsync();
});

function openRedis(place: Place): Redis {
  return opened.use(createRedis({ credentials: {}, tls: null, dial: directDial(place.port) }));
}

describe.each(['manifests/redis-cluster.yaml', 'test/e2e/manifests/public-2019.yaml'])('%s', (path) => {
  let namespace: TestNamespace;
  let place: Place;
  let manifests: ManifestSet;

  beforeAll(async () => {
    namespace = await createNamespace('steps');
    place = namespace.place({ manifests: path });
    const read = await readManifests(process.cwd(), place);
    if (read === null) throw new Error('There are no manifests.');
    manifests = read;
  });

  afterAll(async () => {
    await namespace[Symbol.asyncDispose]();
  });

  function context(cluster: Partial<Cluster> = {}) {
    const kubernetes = createKubernetes(namespace.config);
    return stepContext({ place, kubernetes, redis: openRedis(place), cluster: { manifests, ...cluster } });
  }

  function applyStep(): ApplyManifests {
    const resources = manifests.resources.map(({ kind, name }) => `${kind}/${name}`);
    return { kind: 'apply-manifests', path, digest: manifests.digest, resources, replicas: 2 };
  }

  test('is applied with the number of pods asked for, and applied again without a change', async () => {
    const at = context();
    await applyManifests(applyStep(), at);
    await applyManifests(applyStep(), at);
    expect(at.events.map((event) => event.kind)).toEqual(['done', 'verified', 'note']);
    const view = await at.kubernetes.look(place, { spreadBy: [], signal });
    expect(view.workload).toMatchObject({ replicas: 2, claimTemplates: ['data'] });
  });

  test('is not applied over a StatefulSet with another number of pods', async () => {
    await expect(applyManifests({ ...applyStep(), replicas: 6 }, context())).rejects.toMatchObject({
      code: 'changed-meanwhile',
    });
  });

  test('its pods become ready, with bound volumes, and answer', async () => {
    const at = context();
    await waitForPods({ kind: 'wait-for-pods', pods: ['redis-cluster-0', 'redis-cluster-1'] }, at);
    expect(at.events.at(-1)).toEqual({
      kind: 'verified',
      text: 'redis-cluster-0, redis-cluster-1: ready, volumes bound, answering.',
    });
    const view = await at.kubernetes.look(place, { spreadBy: [], signal });
    expect(view.pods.every((pod) => pod.ready)).toBe(true);
    expect(view.volumes.every((volume) => volume.bound)).toBe(true);
  });

  test('its servers run in cluster mode, in time to be told about their own address', async () => {
    const at = context();
    const { pods } = await at.kubernetes.look(place, { spreadBy: [], signal });
    for (const pod of pods) {
      const connection = await at.redis.connection(pod, { signal });
      const [answer] = await connection.send([['INFO', 'cluster']], { signal });
      expect(answer?.ok ? String(answer.value) : '').toContain('cluster_enabled:1');
    }
  });

  test('a volume whose pod is to run is not deleted', async () => {
    const step = { kind: 'delete-volumes', volumes: ['data-redis-cluster-1'] } as const;
    await expect(deleteVolumes(step, context())).rejects.toMatchObject({ code: 'changed-meanwhile' });
  });

  test('scaling down waits until the pods are gone, twice is once, and their volumes can go then', async () => {
    const at = context();
    const down = { kind: 'scale', from: 2, to: 1 } as const;
    await scale(down, at);
    const view = await at.kubernetes.look(place, { spreadBy: [], signal });
    expect(view.pods.map((pod) => pod.name)).toEqual(['redis-cluster-0']);
    expect(view.volumes).toHaveLength(2);
    await scale(down, at);

    const step = { kind: 'delete-volumes', volumes: ['data-redis-cluster-1'] } as const;
    await deleteVolumes(step, at);
    await deleteVolumes(step, at);
    const after = await at.kubernetes.look(place, { spreadBy: [], signal });
    expect(after.volumes.map((volume) => volume.claim)).toEqual(['data-redis-cluster-0']);
  });

  test('all that it holds is deleted, twice is once, and then the last volume', async () => {
    const at = context();
    const names = manifests.resources.map(({ kind, name }) => `${kind}/${name}`).toReversed();
    const step = { kind: 'delete-resources', resources: names } as const;
    await deleteResources(step, at);
    await deleteResources(step, at);
    expect(await at.kubernetes.existing(place, manifests.resources, { signal })).toEqual([]);

    const { claimTemplates } = manifests;
    const left = await at.kubernetes.look(place, { spreadBy: [], claimTemplates, signal });
    expect(left).toMatchObject({ workload: null, pods: [], volumes: [{ claim: 'data-redis-cluster-0' }] });
    await deleteVolumes({ kind: 'delete-volumes', volumes: ['data-redis-cluster-0'] }, at);
    const after = await at.kubernetes.look(place, { spreadBy: [], claimTemplates, signal });
    expect(after.volumes).toEqual([]);
  });
});

test('of two resources of one name, in two namespaces, both are deleted', async () => {
  await using one = await createNamespace('twice');
  await using other = await createNamespace('twice-too');
  const place = one.place();
  const resources = [one, other].map(({ name: namespace }) => {
    const metadata = { name: 'settings', namespace };
    const document = { apiVersion: 'v1', kind: 'ConfigMap', metadata };
    return { apiVersion: 'v1', kind: 'ConfigMap', name: 'settings', namespace, document };
  });
  for (const namespace of [one, other])
    await namespace.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings' } });
  const kubernetes = createKubernetes(one.config);
  const manifests = { path: '', resources, digest: '', firstOrdinal: 0, claimTemplates: [] };
  const at = stepContext({ place, kubernetes, redis: openRedis(place), cluster: { manifests } });
  expect(await kubernetes.existing(place, resources, { signal })).toHaveLength(2);
  const names = ['ConfigMap/settings', 'ConfigMap/settings'];
  await deleteResources({ kind: 'delete-resources', resources: names }, at);
  expect(await kubernetes.existing(place, resources, { signal })).toEqual([]);
});

async function deletingNone(_place: Place, claims: readonly string[]): Promise<void> {
  if (claims.length > 0) throw new Error(`Nobody should delete ${claims.join(', ')}.`);
}

describe('with a StatefulSet of its own', () => {
  let namespace: TestNamespace;

  beforeAll(async () => {
    namespace = await createNamespace('steps');
  });

  afterAll(async () => {
    await namespace[Symbol.asyncDispose]();
  });

  function context(place: Place, stop = signal) {
    return stepContext({ place, kubernetes: createKubernetes(namespace.config), redis: openRedis(place), stop });
  }

  test('scaling stops where the number of pods is not the one that was planned from', async () => {
    await namespace.apply(statefulSet({ name: 'moved', replicas: 1 }));
    const at = context(namespace.place({ statefulSet: 'moved' }));
    await expect(scale({ kind: 'scale', from: 6, to: 8 }, at)).rejects.toMatchObject({
      code: 'changed-meanwhile',
      message: 'Cannot scale the StatefulSet moved from 6 to 8 pods: it has 1.',
    });
  });

  test('scaling goes on while the StatefulSet changes its status', async () => {
    await namespace.apply(statefulSet({ name: 'busy', replicas: 0 }));
    const at = context(namespace.place({ statefulSet: 'busy' }));
    for (const to of [1, 2, 3, 2, 1, 2]) {
      const { workload } = await at.kubernetes.look(at.topology.kubernetes, { spreadBy: [], signal });
      await at.kubernetes.scale(at.topology.kubernetes, { from: workload?.replicas ?? -1, to }, { signal });
    }
    const view = await at.kubernetes.look(at.topology.kubernetes, { spreadBy: [], signal });
    expect(view.workload?.replicas).toBe(2);
  });

  test('volumes that Kubernetes deletes with their pods are known by the StatefulSet, and only waited for', async () => {
    const container = { command: ['redis-server', '--protected-mode', 'no'] };
    await namespace.apply(
      statefulSet({ name: 'going', replicas: 2, storageClass: '', whenScaled: 'Delete', container }),
    );
    const at = context(namespace.place({ statefulSet: 'going' }));
    await waitForPods({ kind: 'wait-for-pods', pods: ['going-0', 'going-1'] }, at);
    const look = () => at.kubernetes.look(at.topology.kubernetes, { spreadBy: [], signal });
    const before = await look();
    expect(before.workload?.volumesGoWithPods).toBe(true);
    expect(before.volumes.map((volume) => volume.goesWithPod)).toEqual([undefined, undefined]);

    await scale({ kind: 'scale', from: 2, to: 1 }, at);
    const left = (await look()).volumes.filter((volume) => volume.ordinal === 1);
    expect(left.every((volume) => volume.deleting || volume.goesWithPod === true)).toBe(true);
    const kubernetes = { ...at.kubernetes, deleteVolumes: deletingNone };
    await deleteVolumes({ kind: 'delete-volumes', volumes: ['data-going-1'] }, { ...at, kubernetes });
    expect((await look()).volumes.map((volume) => volume.claim)).toEqual(['data-going-0']);
  });

  test('while a pod cannot be scheduled, waiting says why, and ends when the run is told to stop', async () => {
    await namespace.apply(statefulSet({ name: 'stuck', replicas: 1, nodeSelector: { disk: 'golden' } }));
    const stop = new AbortController();
    const at = context(namespace.place({ statefulSet: 'stuck' }), stop.signal);
    const reason = new Failure('stopped', 'Told to stop.', { remedy: 'Run again.' });
    setTimeout(() => stop.abort(reason), 8_000);
    const waiting = waitForPods({ kind: 'wait-for-pods', pods: ['stuck-0'] }, at);
    await expect(waiting).rejects.toBe(reason);
    expect(at.events.map((event) => (event.kind === 'waiting' ? event.seen : ''))).toContainEqual(
      expect.stringMatching(/^stuck-0 is not scheduled \(Unschedulable: 0\/\d+ nodes are available/),
    );
  });

  const clustered = {
    command: ['redis-server', '--cluster-enabled', 'yes', '--protected-mode', 'no'],
    readinessProbe: {
      exec: {
        command: [
          'sh',
          '-c',
          'redis-cli CLUSTER INFO | grep cluster_state && redis-cli CLUSTER INFO | grep -q state:ok',
        ],
      },
      periodSeconds: 1,
      timeoutSeconds: 30,
    },
  };

  test('pods whose probe asks for a whole cluster are there when their servers answer, which is said', async () => {
    await namespace.apply(statefulSet({ name: 'blank', replicas: 2, container: clustered }));
    const at = context(namespace.place({ statefulSet: 'blank' }));
    await waitForPods({ kind: 'wait-for-pods', pods: ['blank-0', 'blank-1'] }, at);
    expect(at.events.at(-1)).toEqual({
      kind: 'note',
      text: expect.stringMatching(
        /^Answering, volumes bound, and not ready: blank-0 \(Unhealthy: Readiness probe failed: cluster_state:fail ?\), blank-1 .* once these pods have joined they are waited for again\.$/,
      ),
    });
  });

  test('where each such pod waits for the one before it, that no more will come is said with the probe and the ways out', async () => {
    const choices = { podManagementPolicy: 'OrderedReady', container: clustered } as const;
    await namespace.apply(statefulSet({ name: 'ordered', replicas: 2, ...choices }));
    const at = context(namespace.place({ statefulSet: 'ordered' }));
    await expect(waitForPods({ kind: 'wait-for-pods', pods: ['ordered-0', 'ordered-1'] }, at)).rejects.toMatchObject({
      code: 'pods-not-ready',
      message: expect.stringMatching(
        /^ordered-1 will not come: .*OrderedReady.*ordered-0 answers, but its readiness probe does not pass \(Unhealthy: Readiness probe failed: cluster_state:fail/,
      ),
      remedy: expect.stringContaining('kubectl delete statefulset ordered --cascade=orphan'),
    });
  });

  test('a mistake in the last manifest leaves none of the others behind', async () => {
    const place = namespace.place({ statefulSet: 'wrong' });
    const wrong = statefulSet({ name: 'wrong', container: { image: '' } });
    const configMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'left-over' } };
    const resources = [configMap, wrong].map((document) => ({
      apiVersion: document.apiVersion,
      kind: document.kind,
      name: document.metadata.name,
      namespace: null,
      document,
    }));
    const kubernetes = createKubernetes(namespace.config);
    const manifests = { path: 'm', resources, digest: '0', firstOrdinal: 0, claimTemplates: [] };
    await expect(kubernetes.applyManifests(place, manifests, { replicas: 1, signal })).rejects.toMatchObject({
      code: 'kubernetes-error',
      message: expect.stringContaining('containers[1].image: Required value'),
    });
    expect(await kubernetes.existing(place, resources, { signal })).toEqual([]);
  });

  test('a kind that this Kubernetes does not have is named', async () => {
    const unknown = { apiVersion: 'example.org/v1', kind: 'Wonder', name: 'a', namespace: null };
    const existing = createKubernetes(namespace.config).existing(namespace.place(), [unknown], { signal });
    await expect(existing).rejects.toMatchObject({
      code: 'invalid-manifests',
      message: 'Cannot find Wonder/a: this Kubernetes has no Wonder of example.org/v1.',
    });
  });

  test('a namespace that does not exist is named', async () => {
    const place = namespace.place({ namespace: 'no-such-namespace' });
    const document = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } };
    const resources = [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'a', namespace: null, document }];
    const manifests = { path: 'm', resources, digest: '0', firstOrdinal: 0, claimTemplates: [] };
    const applied = createKubernetes(namespace.config).applyManifests(place, manifests, { replicas: 1, signal });
    await expect(applied).rejects.toMatchObject({
      message: expect.stringContaining('namespaces "no-such-namespace" not found'),
      remedy: 'Create the namespace, or put it into the manifests.',
    });
  });
});
