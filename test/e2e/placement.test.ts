import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Cluster, podOf, replicasOf, slotOwners } from '../../src/core/cluster.ts';
import { losses } from '../support/dataset.ts';
import { startTraffic } from '../support/traffic.ts';
import { seedsOfPods } from './support/pods.ts';
import { type StandingCluster, standUp } from './support/standing-cluster.ts';

const SPREAD = 'placement: {spreadBy: [kubernetes.io/hostname, topology.kubernetes.io/zone]}';

describe('a shard whose primary and replica share a Kubernetes node', () => {
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
  const nodeOf = (pod: string) => podOf(cluster, pod)?.node;
  return slotOwners(cluster).flatMap((owner) =>
    replicasOf(cluster, owner.pod)
      .filter((replica) => nodeOf(replica.pod) === nodeOf(owner.pod))
      .map((replica) => `${replica.pod} with ${owner.pod}`),
  );
}

/** Gives a primary the replica that runs on its own node, and that one's primary the replica which it had. */
async function crowd(cluster: StandingCluster): Promise<void> {
  const seen = await cluster.live.look();
  const nodeOf = (pod: string) => podOf(seen, pod)?.node;
  const replicas = seen.members.filter((member) => member.role === 'replica');
  for (const owner of slotOwners(seen)) {
    const near = replicas.find((replica) => nodeOf(replica.pod) === nodeOf(owner.pod));
    const own = replicas.find((replica) => replica.primary === owner.pod);
    if (near === undefined || own === undefined) continue;
    if (near.pod === own.pod) return;
    const other = seen.members.find((member) => member.pod === near.primary);
    await cluster.live.send(near.pod, 'CLUSTER', 'REPLICATE', owner.id);
    await cluster.live.send(own.pod, 'CLUSTER', 'REPLICATE', other?.id ?? '');
    await cluster.live.settled();
    return;
  }
  throw new Error('No replica runs on the node of a primary: the scheduler left nothing to try this with.');
}
