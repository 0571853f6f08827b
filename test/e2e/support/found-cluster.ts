import { fileURLToPath } from 'node:url';
import { createKubernetes } from '../../../src/adapters/kubernetes/kubernetes.ts';
import { systemClock } from '../../../src/adapters/process/clock.ts';
import { directDial } from '../../../src/adapters/redis/dial.ts';
import { createRedis } from '../../../src/adapters/redis/redis.ts';
import type { Cluster } from '../../../src/core/cluster.ts';
import { observeSettled } from '../../../src/engine/observe.ts';
import { digest, type KeyDigest, loadEveryType, primariesOf } from '../../support/dataset.ts';
import { createNamespace } from '../../support/kubernetes.ts';
import { type ActionRun, GIVEN_KUBERNETES, Workspace } from '../../support/run-action.ts';
import { topologyOf } from '../../support/topology.ts';

export interface FoundShape {
  /** A file of test/e2e/manifests. */
  readonly file: string;
  readonly statefulSet: string;
  readonly port: number;
  /** Before and after it has grown. */
  readonly shards: readonly [few: number, more: number];
  readonly replicas: number;
  readonly password?: string;
  /** Of every run. */
  readonly inputs: Readonly<Record<string, string>>;
}

/** A StatefulSet that something else has made, as the action finds it: blank servers of which nobody made a cluster yet. */
export interface FoundCluster extends AsyncDisposable {
  run(command: string, shards: number): Promise<ActionRun>;
  look(): Promise<Cluster>;
  load(): Promise<void>;
  /** Every key on the primaries. */
  keys(): Promise<ReadonlyMap<string, KeyDigest>>;
}

export async function found(purpose: string, shape: FoundShape): Promise<FoundCluster> {
  await using stack = new AsyncDisposableStack();
  const namespace = stack.use(await createNamespace(purpose));
  const workspace = stack.use(await Workspace.create({}, GIVEN_KUBERNETES));
  const credentials = shape.password === undefined ? {} : { password: shape.password };
  const redis = stack.use(createRedis({ credentials, tls: null, dial: directDial(shape.port) }));
  await namespace.applyFile(fileURLToPath(new URL(`../manifests/${shape.file}`, import.meta.url)));

  const { statefulSet, port, replicas } = shape;
  const [shards] = shape.shards;
  const place = namespace.place({ statefulSet, port });
  const look = () => {
    const ports = { kubernetes: createKubernetes(namespace.config), redis, clock: systemClock };
    const options = { manifests: null, signal: AbortSignal.timeout(30_000) };
    return observeSettled(topologyOf(place, { shards, replicas }), ports, options);
  };
  const held = stack.move();
  return {
    run: (command, declared) => {
      const where = `kubernetes: {namespace: ${namespace.name}, statefulSet: ${statefulSet}, port: ${port}}`;
      const topology = ['version: 1', where, `shards: ${declared}`, `replicasPerShard: ${replicas}`, ''].join('\n');
      const secret = shape.password === undefined ? {} : { 'redis-password': shape.password };
      return workspace.act(topology, { inputs: { command, ...secret, ...shape.inputs } });
    },
    look,
    load: async () => loadEveryType({ pods: (await look()).pods, redis }, { each: 20 }),
    keys: async () => digest({ pods: await primariesOf({ pods: (await look()).pods, redis }), redis }),
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}
