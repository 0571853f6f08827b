import { type Cluster, podOf } from '../core/cluster.ts';
import type { Finding } from '../core/findings.ts';
import { count, print } from '../core/slots.ts';
import { ZONE_LABEL } from '../core/topology.ts';

/** Members, pods that do not answer, and findings as other programs read them. */
export function statusJson(name: string, cluster: Cluster, findings: readonly Finding[]): string {
  const spoken = new Set(cluster.members.map((member) => member.pod));
  const json = {
    version: 1,
    cluster: name,
    members: cluster.members.map((member) => ({
      ...placeOf(cluster, member.pod),
      id: member.id,
      role: member.joined ? member.role : 'blank',
      primary: member.primary,
      slots: print(member.slots),
      slotCount: count(member.slots),
      synced: member.synced,
      ...member.facts,
    })),
    silent: cluster.pods.filter((pod) => !spoken.has(pod.name)).map((pod) => placeOf(cluster, pod.name)),
    findings,
  };
  return `${JSON.stringify(json, null, 2)}\n`;
}

function placeOf(cluster: Cluster, name: string) {
  const pod = podOf(cluster, name);
  return {
    pod: name,
    ip: pod?.ip ?? null,
    node: pod?.node ?? null,
    zone: pod?.domains[ZONE_LABEL] ?? null,
    ready: pod?.ready ?? false,
  };
}
