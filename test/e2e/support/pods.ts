import type { Pod } from '../../../src/core/cluster.ts';
import type { ClusterSeeds } from '../../support/cluster-client.ts';

/** The pods as seeds of ordinary cluster clients, which must be able to reach pod IPs (they follow MOVED to them). */
export function seedsOfPods(pods: readonly Pod[], more: { port?: number; password?: string } = {}): ClusterSeeds {
  const { port = 6379, password = null } = more;
  const seeds = pods.flatMap((pod) => (pod.ready && pod.ip !== null ? [{ host: pod.ip, port }] : []));
  return { seeds, password };
}
