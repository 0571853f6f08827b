import type { Cluster } from '../../../src/core/cluster.ts';
import { slotOwners } from '../../../src/core/cluster.ts';
import { sendToOwners } from '../../support/dataset.ts';
import { Listener } from '../../support/listener.ts';
import type { LiveCluster } from './live-cluster.ts';
import { addressOf, ownerOf } from './pods.ts';

/** Clients, one of each primary, that hold keys in a cache of their own and are told when they have to forget them. */
export interface CachingClients extends AsyncDisposable {
  readonly keys: readonly string[];
  /** Whether the one that read the key was told to forget it. */
  wasTold(key: string): boolean;
}

export async function cachingClients(live: LiveCluster, cluster: Cluster): Promise<CachingClients> {
  await using stack = new AsyncDisposableStack();
  const signal = AbortSignal.timeout(60_000);
  const keys = Array.from({ length: 200 }, (_, i) => `cached:${i}`);
  const { pods } = cluster;
  await sendToOwners(
    { pods, redis: live.redis },
    keys.map((key) => [key, ['SET', key, 'value']]),
  );
  const listeners = new Map<string, Listener>();
  for (const { pod } of slotOwners(cluster)) {
    const listener = stack.use(new Listener(addressOf(cluster, pod)));
    const id = await listener.id();
    await listener.subscribe('__redis__:invalidate');
    const cache = stack.use(await live.open(pod));
    const own = keys.filter((key) => ownerOf(cluster, key) === pod);
    const reads = own.map((key) => ['GET', key] as const);
    await cache.send([['CLIENT', 'TRACKING', 'ON', 'REDIRECT', id], ...reads], { signal });
    listeners.set(pod, listener);
  }
  const held = stack.move();
  return {
    keys,
    wasTold: (key) => listeners.get(ownerOf(cluster, key))?.heard.includes(`__redis__:invalidate ${key}`) === true,
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}
