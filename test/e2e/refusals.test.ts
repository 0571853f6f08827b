import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createKubernetes } from '../../src/adapters/kubernetes/kubernetes.ts';
import { leaseName } from '../../src/engine/lock.ts';
import { createNamespace, type TestNamespace } from '../support/kubernetes.ts';
import { statefulSet } from '../support/kubernetes-objects.ts';
import { GIVEN_KUBERNETES, Workspace } from '../support/run-action.ts';
import { LiveCluster, manifest } from './support/live-cluster.ts';
import { type StandingCluster, standUp } from './support/standing-cluster.ts';

const APPLY = { command: 'apply' };

describe('what a run on a cluster that is well refuses', () => {
  let cluster: StandingCluster;

  beforeAll(async () => {
    cluster = await standUp('refusals');
  });

  afterAll(async () => {
    await cluster[Symbol.asyncDispose]();
  });

  /** What must not change when a run is refused. */
  const state = async () => {
    const { workload, members, volumes } = await cluster.live.look();
    return { workload, volumes, members: members.map(({ facts: _facts, ...member }) => member) };
  };

  test.each([
    ['a wrong password', { 'redis-password': 'not the password' }, 'redis-auth', 'redis-password'],
    ['an unknown input value', { connect: 'tunnel' }, 'invalid-input', 'direct, port-forward'],
    ['a file that is not there', { topology: 'nowhere.yaml' }, 'topology-not-found', 'actions/checkout'],
  ] as const)('%s', async (_what, inputs, reason, words) => {
    const before = await state();
    const run = await cluster.act(cluster.declare(4), { inputs: { ...APPLY, ...inputs } });
    expect(run.exitCode).toBe(1);
    expect(run.outputs).toMatchObject({ changed: 'false', 'failure-reason': reason });
    expect(run.log).toContain(words);
    expect(run.log.replaceAll(/^::add-mask::.*$/gm, '')).not.toContain('not the password');
    expect(await state()).toEqual(before);
  });

  test('mistakes in topology.yaml, all at once, each at its line', async () => {
    const topology = ['version: 1', 'kubernetes: {statefulSet: redis-cluster, prot: 1}', 'shards: none', 'replicas: 1'];
    const run = await cluster.act(topology.join('\n'), { inputs: APPLY });
    expect(run.outputs).toMatchObject({ result: 'refused', 'failure-reason': 'invalid-topology' });
    expect(run.log).toContain('line=2');
    expect(run.log).toContain('line=3');
    expect(run.log).toContain('line=4');
  });

  test('a second apply, and it names the one that has the lock', async () => {
    const before = await state();
    const kubernetes = createKubernetes(cluster.namespace.config);
    const place = cluster.namespace.place();
    const options = { signal: AbortSignal.timeout(60_000) };
    const name = leaseName('redis-cluster');
    const lease = await kubernetes.readLease(place, name, options);
    const first = { holder: 'https://example.com/first-run', token: 'first', seconds: 30, note: '' };
    await kubernetes.writeLease(place, name, first, { ...options, version: lease?.version ?? null });
    const run = await cluster.act(cluster.declare(4), { inputs: { ...APPLY, 'lock-timeout': '1s' } });
    await cluster.namespace.expireLease(name);
    expect(run.outputs).toMatchObject({ result: 'refused', 'failure-reason': 'locked', changed: 'false' });
    expect(run.log).toContain(`Waiting for another apply, at most 1 s more: ${first.holder}`);
    expect(run.outputs['summary']).toContain(first.holder);
    // What waits can be looked at all the same.
    expect(run.outputs['plan-hash']).toMatch(/^[0-9a-f]{12}$/);
    expect(run.outputs['plan']).toContain('"scale"');
    expect(await state()).toEqual(before);
  });

  test('a shrink whose volumes Kubernetes deletes by itself, without the word for that', async () => {
    await setWhenScaled('Delete');
    const before = await state();
    const run = await cluster.act(cluster.declare(2), { inputs: APPLY });
    await setWhenScaled('Retain');
    expect(run.outputs).toMatchObject({ result: 'refused', 'failure-reason': 'not-allowed', changed: 'false' });
    expect(run.outputs['plan']).toContain('"volumesToDelete": 2');
    expect(run.log).toContain('persistentVolumeClaimRetentionPolicy.whenScaled: Delete');
    expect(run.log).toContain('allow: delete-volumes');
    expect({ ...before, workload: null }).toEqual({ ...(await state()), workload: null });
  });

  function setWhenScaled(whenScaled: string): Promise<void> {
    return cluster.namespace.apply({
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: { name: 'redis-cluster' },
      spec: { persistentVolumeClaimRetentionPolicy: { whenScaled } },
    });
  }

  test('a server that does not answer', async () => {
    const before = await state();
    await cluster.live.send('redis-cluster-4', 'CLIENT', 'PAUSE', 40_000, 'ALL');
    const run = await cluster.act(cluster.declare(4), { inputs: APPLY });
    expect(run.outputs).toMatchObject({ result: 'failed', 'failure-reason': 'redis-unreachable', changed: 'false' });
    expect(run.log).toContain('redis-cluster-4');
    await cluster.live.settled();
    expect(await state()).toEqual(before);
  });

  test('a node that no pod is', async () => {
    await using namespace = await createNamespace('stranger');
    await using live = new LiveCluster(namespace);
    const command = ['redis-server', '--cluster-enabled', 'yes', '--protected-mode', 'no'];
    await namespace.apply(statefulSet({ container: { command } }));
    const [stranger] = (await live.until('a server', ({ members }) => members.length === 1)).pods;
    await cluster.live.send('redis-cluster-0', 'CLUSTER', 'MEET', stranger?.ip ?? '', 6379);
    await untilKnown(stranger?.ip ?? '');
    const run = await cluster.act(cluster.declare(4), { inputs: APPLY });
    expect(run.outputs).toMatchObject({ result: 'refused', 'failure-reason': 'unknown-nodes', changed: 'false' });
    expect(run.log).toContain(stranger?.ip ?? '');
  });

  /** By all members, and past the handshake. */
  async function untilKnown(ip: string): Promise<void> {
    for (const deadline = Date.now() + 60_000; Date.now() < deadline; await sleep(250)) {
      const { strangers } = await cluster.live.look();
      if (strangers.some(({ address, knownBy }) => address.startsWith(`${ip}:`) && knownBy.length === 6)) return;
    }
    throw new Error(`Not all members know ${ip} after 60 s.`);
  }
});

describe('what a run refuses where no cluster is', () => {
  let namespace: TestNamespace;
  let workspace: Workspace;

  beforeAll(async () => {
    namespace = await createNamespace('nothing');
    workspace = await Workspace.create({}, GIVEN_KUBERNETES);
  });

  afterAll(async () => {
    await workspace[Symbol.asyncDispose]();
    await namespace[Symbol.asyncDispose]();
  });

  const act = (env: Readonly<Record<string, string>> = {}) => {
    const place = `{namespace: ${namespace.name}, statefulSet: redis-cluster}`;
    return workspace.act(`version: 1\nkubernetes: ${place}\nshards: 3\n`, { inputs: APPLY, env });
  };

  test('no StatefulSet and no manifests', async () => {
    const run = await act();
    expect(run.outputs).toMatchObject({ result: 'refused', 'failure-reason': 'no-statefulset', changed: 'false' });
    expect(run.log).toContain('redis-cluster');
  });

  test('no namespace: at once, with what to do', async () => {
    const place = '{namespace: rct-nowhere, statefulSet: redis-cluster, manifests: cluster.yaml}';
    await workspace.write('cluster.yaml', await manifest('manifests/redis-cluster.yaml', 'redis:7.0'));
    const run = await workspace.act(`version: 1\nkubernetes: ${place}\nshards: 3\n`, { inputs: APPLY });
    expect(run.outputs).toMatchObject({ result: 'refused', 'failure-reason': 'no-namespace', changed: 'false' });
    expect(run.log).toContain('kubectl create namespace rct-nowhere');
  });

  test('no namespace, unless the manifests bring it: then it is made before the lock', async () => {
    const name = `${namespace.name}-brought`;
    const brought = `apiVersion: v1\nkind: Namespace\nmetadata: {name: ${name}}\n`;
    const text = await manifest('manifests/redis-cluster.yaml', 'redis:7.0');
    await workspace.write('cluster.yaml', `${brought}---\n${text}`);
    const place = `{namespace: ${name}, statefulSet: redis-cluster, manifests: cluster.yaml}`;
    const one = `version: 1\nkubernetes: ${place}\nshards: 1\nreplicasPerShard: 0\n`;
    const run = await workspace.act(one, { inputs: APPLY });
    const ref = { apiVersion: 'v1', kind: 'Namespace', name, namespace: null };
    const signal = AbortSignal.timeout(20_000);
    await createKubernetes(namespace.config).deleteResources(namespace.place(), [ref], { signal });
    expect([run.outputs['result'], run.exitCode === 0 ? '' : run.log]).toEqual(['applied', '']);
  });

  test('no rights: the missing verb and resource are named', async () => {
    await workspace.write('kubeconfig', await namespace.accountConfig('default'));
    const run = await act({ KUBECONFIG: `${workspace.folder}/kubeconfig` });
    expect(run.outputs).toMatchObject({ result: 'failed', 'failure-reason': 'kubernetes-forbidden', changed: 'false' });
    expect(run.log).toMatch(/(get|list|create|update|patch) (leases|statefulsets|pods|persistentvolumeclaims)/);
  });

  test('an API server that does not answer', async () => {
    await workspace.write(
      'nowhere',
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Config',
        clusters: [{ name: 'a', cluster: { server: 'https://127.0.0.1:1' } }],
        users: [{ name: 'a', user: { token: 'secret-token-of-nobody' } }],
        contexts: [{ name: 'a', context: { cluster: 'a', user: 'a' } }],
        'current-context': 'a',
      }),
    );
    const run = await act({ KUBECONFIG: `${workspace.folder}/nowhere` });
    expect(run.outputs).toMatchObject({ result: 'failed', 'failure-reason': 'kubernetes-unreachable' });
    expect(run.log.replaceAll(/^::add-mask::.*$/gm, '')).not.toContain('secret-token-of-nobody');
  });

  test('servers that do not run in cluster mode', async () => {
    const command = ['redis-server', '--protected-mode', 'no'];
    await namespace.apply(statefulSet({ replicas: 2, container: { command } }));
    const run = await act();
    expect(run.outputs).toMatchObject({ result: 'refused', 'failure-reason': 'not-cluster-mode', changed: 'false' });
    expect(run.log).toContain('cluster-enabled yes');
  });
});
