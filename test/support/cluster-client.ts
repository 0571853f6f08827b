import { Cluster, Command, type Redis } from 'ioredis';
import type { LocalPlatform } from './local-platform.ts';

/** What a client needs to know of a running cluster. */
export interface ClusterSeeds {
  readonly seeds: readonly { readonly host: string; readonly port: number }[];
  readonly password: string | null;
}

export function seedsOf(platform: LocalPlatform): ClusterSeeds {
  const seeds = platform
    .pods()
    .flatMap((pod) => (pod.ready ? [{ host: '127.0.0.1', port: platform.port(pod.name) }] : []));
  return { seeds, password: platform.password };
}

/** As CLIENT LIST shows these clients. */
export const TRAFFIC = 'traffic';

/** An ordinary cluster client: it follows MOVED and ASK, repeats TRYAGAIN, and knows nothing of this project. */
export function clusterClient(cluster: ClusterSeeds): Cluster {
  const client = new Cluster([...cluster.seeds], {
    lazyConnect: true,
    slotsRefreshTimeout: 5_000,
    redisOptions: {
      protocol: 2,
      connectionName: TRAFFIC,
      disableClientInfo: true,
      ...(cluster.password === null ? {} : { password: cluster.password }),
    },
  });
  client.on('+node', hearAsking);
  return client;
}

/** Does some work as a client, which is connected until the end of it. */
export async function asClient<T>(cluster: ClusterSeeds, work: (client: Cluster) => Promise<T>): Promise<T> {
  const client = clusterClient(cluster);
  try {
    await client.connect();
    return await work(client);
  } finally {
    client.disconnect();
  }
}

/** The library waits for no answer to the ASKING that it sends: where the node goes away just then, only the command after it tells. */
function hearAsking(node: Redis): void {
  const asking = node.asking.bind(node);
  node.asking = () => {
    const asked = asking();
    void Promise.allSettled([asked]);
    return asked;
  };
}

/** The slot of a key, by the client library's own reckoning. */
export function slotOf(key: string): number {
  return new Command('GET', [key]).getSlot();
}
