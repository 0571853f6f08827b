import { type Cluster, podOf, replicasOf, slotOwners } from './cluster.ts';
import type { Finding } from './findings.ts';
import { crowds } from './placement.ts';
import type { Topology } from './topology.ts';
import { listed, slotsInWords } from './wording.ts';

/** Shards whose members share a Kubernetes node or zone although the topology wants them apart. */
export function placementFindings(topology: Topology, cluster: Cluster): readonly Finding[] {
  return slotOwners(cluster).flatMap((owner) => {
    const replicas = replicasOf(cluster, owner.pod).map((member) => member.pod);
    const shard = { primary: owner.pod, replicas };
    const domainsOf = (pod: string) => podOf(cluster, pod)?.domains ?? {};
    return crowds(shard, domainsOf, topology.placement.spreadBy).map((crowd): Finding => {
      const where = `${listed(crowd.pods)} of one shard are both in ${crowd.label} ${crowd.domain}`;
      const loss = crowd.whole ? `: if it stops, ${slotsInWords(owner.slots)} are gone` : '';
      return {
        code: 'shard-on-one-domain',
        weight: 'differs',
        text: `${crowd.pods.length > 2 ? where.replace('both', 'all') : where}${loss}.`,
        remedy: 'Run apply: it exchanges replicas where that helps. Else give the pods more nodes or zones.',
        pods: crowd.pods,
      };
    });
  });
}
