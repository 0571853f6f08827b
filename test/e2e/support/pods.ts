import { type Cluster, type Pod, podOf, slotOwners } from '../../../src/core/cluster.ts';
import { contains } from '../../../src/core/slots.ts';
import { type ClusterSeeds, slotOf } from '../../support/cluster-client.ts';

/** The pods as seeds of ordinary cluster clients, which must be able to reach pod IPs (they follow MOVED to them). */
export function seedsOfPods(pods: readonly Pod[], more: { port?: number; password?: string } = {}): ClusterSeeds {
  const { port = 6379, password = null } = more;
  const seeds = pods.flatMap((pod) => (pod.ready && pod.ip !== null ? [{ host: pod.ip, port }] : []));
  return { seeds, password };
}

export function addressOf(cluster: Cluster, pod: string): { readonly host: string; readonly port: number } {
  return { host: podOf(cluster, pod)?.ip ?? '', port: 6379 };
}

/** The pod that owns the slot of a key. */
export function ownerOf(cluster: Cluster, key: string): string {
  const owner = slotOwners(cluster).find(({ slots }) => contains(slots, slotOf(key)));
  if (owner === undefined) throw new Error(`Nobody owns slot ${slotOf(key)} of ${key}.`);
  return owner.pod;
}
