import { expect, test } from '@jest/globals';
import { type Cluster, podOf, replicasOf, slotOwners } from '../../../src/core/cluster.ts';
import { print } from '../../../src/core/slots.ts';
import type { Topology } from '../../../src/core/topology.ts';
import { applyOn, type Ground, look, planOn } from '../../support/apply.ts';
import { differences, digest, loadEveryType, primariesOf } from '../../support/dataset.ts';
import { type LocalPlatform, startLocalPlatform } from '../../support/local-platform.ts';
import { topologyOf } from '../../support/topology.ts';

const HOST = 'kubernetes.io/hostname';
const ZONE = 'topology.kubernetes.io/zone';

/** Where pods are as time goes on, a letter for each: in which zones they are, each on a Kubernetes node of its own. */
const TIMES = [
  { what: 'three zones', zones: 'abcabc', replicas: 1, shared: 0 },
  // Both pods of zone c have come back in the others.
  { what: 'a zone that is gone', zones: 'ababab', replicas: 1, shared: 0 },
  { what: 'uneven zones', zones: 'aaaaab', replicas: 1, shared: 2 },
  { what: 'fewer zones than pods of a shard', zones: 'aaaaabbbb', replicas: 2, shared: 3 },
];

test('in zones that go, come and are uneven shards stay spread as far as they can be: no slot moves, every key is kept', async () => {
  let zones = '';
  const nodes = (ordinal: number) => {
    const node = `node-${ordinal}`;
    return { node, domains: { [HOST]: node, [ZONE]: zones[ordinal] ?? '' } };
  };
  await using platform = await startLocalPlatform({ pods: 6, nodes });
  await using redis = platform.redis();
  await platform.form({ shards: 3, replicas: 1 });
  await loadEveryType({ pods: platform.pods(), redis }, { each: 20 });
  const ground: Ground = { kubernetes: platform.kubernetes, redis };
  const [before, slots] = [await keysOf(platform), slotsOf(await look(ground, topologyFor(platform, 1)))];
  for (const { what, zones: at, replicas, shared } of TIMES) {
    zones = at;
    const topology = topologyFor(platform, replicas);
    await applyOn(ground, topology);
    const cluster = await look(ground, topology);
    expect([what, sharing(cluster)]).toEqual([what, shared]);
    expect(slotsOf(cluster)).toEqual(slots);
    expect((await planOn(ground, topology)).stages).toEqual([]);
    expect(differences(before, await keysOf(platform))).toEqual([]);
  }
});

function topologyFor({ place }: LocalPlatform, replicas: number): Topology {
  const placement = { spreadBy: [HOST, ZONE], whenUnsatisfiable: 'warn' } as const;
  return topologyOf(place, { shards: 3, replicas }, { placement });
}

/** Shards that have two members in one zone. */
function sharing(cluster: Cluster): number {
  return slotOwners(cluster).filter(({ pod }) => {
    const members = [pod, ...replicasOf(cluster, pod).map((replica) => replica.pod)];
    return new Set(members.map((name) => podOf(cluster, name)?.domains[ZONE])).size < members.length;
  }).length;
}

function slotsOf(cluster: Cluster): readonly string[] {
  return slotOwners(cluster).map(({ pod, slots }) => `${pod} ${print(slots)}`);
}

async function keysOf(platform: LocalPlatform) {
  await using redis = platform.redis();
  return await digest({ pods: await primariesOf({ pods: platform.pods(), redis }), redis });
}
