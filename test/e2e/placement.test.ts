import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Cluster, podOf, replicasOf, slotOwners } from '../../src/core/cluster.ts';
import { print } from '../../src/core/slots.ts';
import { differences, losses } from '../support/dataset.ts';
import { startTraffic } from '../support/traffic.ts';
import { seedsOfPods } from './support/pods.ts';
import { type StandingCluster, standUp } from './support/standing-cluster.ts';

const SPREAD = 'placement: {spreadBy: [kubernetes.io/hostname, topology.kubernetes.io/zone]}';
/** Of this test alone: others run on the same Kubernetes nodes. */
const ZONE = 'placement.test/zone';

describe('a shard on redis:7.0 whose primary and replica share a Kubernetes node', () => {
  let cluster: StandingCluster;

  beforeAll(async () => {
    cluster = await standUp('placement', { data: { keys: 5_000 } });
  });

  afterAll(async () => {
    await cluster[Symbol.asyncDispose]();
  });

  test('is found, and mended by replicas that change places, with no slot moved', async () => {
    await crowd(cluster);
    const crowded = await cluster.live.look();
    expect(sharingTheirNode(crowded)).not.toEqual([]);
    const before = await cluster.live.keys();
    const topology = cluster.declare(3, SPREAD);

    const seen = await cluster.act(topology, { inputs: { command: 'status' } });
    expect(seen).toMatchObject({ exitCode: 0, outputs: { result: 'drifted', drift: 'true' } });
    expect(seen.log).toContain('shard-on-one-domain');

    await using traffic = await startTraffic(seedsOfPods(crowded.pods), { writers: 1, readers: 1 });
    const planned = await cluster.act(topology, { inputs: { command: 'plan' } });
    expect(JSON.parse(planned.outputs['plan'] ?? '')).toMatchObject({ summary: { slotsToMove: 0, failovers: 0 } });
    const applied = await cluster.act(topology, { inputs: { command: 'apply' } });
    expect([applied.outputs['result'], applied.exitCode === 0 ? '' : applied.log]).toEqual(['applied', '']);

    const after = await cluster.live.look();
    expect(sharingTheirNode(after)).toEqual([]);
    expect(slotOwners(after)).toHaveLength(3);
    for (const owner of slotOwners(crowded)) {
      expect(after.members.find((member) => member.pod === owner.pod)?.slots).toEqual(owner.slots);
    }
    expect(await traffic.stop()).toMatchObject({ errors: 0, wrong: 0, stale: 0, examples: [] });
    expect(await traffic.verify()).toEqual([]);
    const keys = await cluster.live.keys();
    expect(losses(before, keys)).toEqual([]);
    const again = await cluster.act(topology, { inputs: { command: 'plan' } });
    expect(again.outputs).toMatchObject({ result: 'no-changes' });
  });

  test('in uneven zones as many shards as can be are spread, with no slot moved; where a zone is gone that is told, or refused', async () => {
    const { live, namespace } = cluster;
    const crowded = await crowd(cluster);
    const names = (await live.look()).kubernetesNodes.map((domains) => domains['kubernetes.io/hostname'] ?? '');
    const label = (zoneOf: (node: string) => string | null) =>
      Promise.all(names.map((name) => namespace.labelNode(name, ZONE, zoneOf(name))));
    const zones = (more = '') => cluster.declare(3, `placement: {spreadBy: [${ZONE}]${more}}`);
    try {
      const before = await live.keys();
      const slots = slotsByPod(await live.look());
      await label((node) => (node === crowded ? 'alone' : 'others'));
      const applied = await cluster.act(zones(), { inputs: { command: 'apply' } });
      expect([applied.outputs['result'], applied.exitCode === 0 ? '' : applied.log]).toEqual(['applied', '']);
      // Two of six pods are in the small zone.
      expect(sharing(await live.look(), (node) => node === crowded)).toHaveLength(names.length - 2);
      expect(slotsByPod(await live.look())).toEqual(slots);
      expect(differences(before, await live.keys())).toEqual([]);

      await label(() => 'others');
      const told = await cluster.act(zones(), { inputs: { command: 'status' } });
      expect(told.log).toContain('shard-on-one-domain');
      const same = await cluster.act(zones(), { inputs: { command: 'plan' } });
      expect(same.outputs).toMatchObject({ result: 'no-changes' });
      const refused = await cluster.act(zones(', whenUnsatisfiable: fail'), { inputs: { command: 'apply' } });
      expect(refused.outputs).toMatchObject({ 'failure-reason': 'placement-unsatisfiable', changed: 'false' });
    } finally {
      await label(() => null);
    }
  });

  test('is refused before the first change where nothing mends it and the topology says so', async () => {
    const before = await cluster.live.look();
    // All Kubernetes nodes have the same value of this label.
    const rules = 'placement: {spreadBy: [kubernetes.io/os], whenUnsatisfiable: fail}';
    const topology = cluster.declare(4, rules);
    const run = await cluster.act(topology, { inputs: { command: 'apply' } });
    expect(run.outputs).toMatchObject({
      result: 'refused',
      'failure-reason': 'placement-unsatisfiable',
      changed: 'false',
    });
    expect(run.log).toContain('kubernetes.io/os');
    expect((await cluster.live.look()).workload).toEqual(before.workload);
  });

  test('is refused before the first change where a shard would have more pods than there are Kubernetes nodes', async () => {
    const before = await cluster.live.look();
    const pods = before.kubernetesNodes.length + 1;
    const rules = `replicasPerShard: ${pods - 1}\nplacement: {spreadBy: [kubernetes.io/hostname], whenUnsatisfiable: fail}`;
    const run = await cluster.act(cluster.declare(3, rules), { inputs: { command: 'apply' } });
    expect(run.outputs).toMatchObject({
      result: 'refused',
      'failure-reason': 'placement-unsatisfiable',
      changed: 'false',
    });
    expect(run.log).toContain(`A shard has ${pods} pods`);
    expect((await cluster.live.look()).workload).toEqual(before.workload);
  });
});

/** Primaries and replicas of one shard on one node, as `replica with primary`. */
function sharingTheirNode(cluster: Cluster): readonly string[] {
  return sharing(cluster, (node) => node);
}

/** The same for any part of the Kubernetes nodes in which a shard may be twice. */
function sharing(cluster: Cluster, partOf: (node: string) => unknown): readonly string[] {
  const where = (pod: string) => partOf(podOf(cluster, pod)?.node ?? '');
  return slotOwners(cluster).flatMap((owner) =>
    replicasOf(cluster, owner.pod)
      .filter((replica) => where(replica.pod) === where(owner.pod))
      .map((replica) => `${replica.pod} with ${owner.pod}`),
  );
}

function slotsByPod(cluster: Cluster): readonly string[] {
  return slotOwners(cluster).map(({ pod, slots }) => `${pod} ${print(slots)}`);
}

/** Gives a primary the replica that runs on its own node, and that one's primary the replica which it had. @returns the node */
async function crowd(cluster: StandingCluster): Promise<string> {
  const seen = await cluster.live.look();
  const nodeOf = (pod: string) => podOf(seen, pod)?.node;
  const replicas = seen.members.filter((member) => member.role === 'replica');
  for (const owner of slotOwners(seen)) {
    const near = replicas.find((replica) => nodeOf(replica.pod) === nodeOf(owner.pod));
    const own = replicas.find((replica) => replica.primary === owner.pod);
    if (near === undefined || own === undefined) continue;
    if (near.pod === own.pod) return nodeOf(owner.pod) ?? '';
    const other = seen.members.find((member) => member.pod === near.primary);
    await cluster.live.send(near.pod, 'CLUSTER', 'REPLICATE', owner.id);
    await cluster.live.send(own.pod, 'CLUSTER', 'REPLICATE', other?.id ?? '');
    await cluster.live.settled();
    return nodeOf(owner.pod) ?? '';
  }
  throw new Error('No replica runs on the node of a primary: the scheduler left nothing to try this with.');
}
