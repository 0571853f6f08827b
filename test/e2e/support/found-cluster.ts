import { fileURLToPath } from 'node:url';
import { createKubernetes } from '../../../src/adapters/kubernetes/kubernetes.ts';
import { systemClock } from '../../../src/adapters/process/clock.ts';
import { directDial } from '../../../src/adapters/redis/dial.ts';
import { createRedis, type RedisOptions } from '../../../src/adapters/redis/redis.ts';
import type { Cluster } from '../../../src/core/cluster.ts';
import { observeSettled } from '../../../src/engine/observe.ts';
import { digest, type KeyDigest, loadEveryType, primariesOf, sendToAll } from '../../support/dataset.ts';
import { createNamespace } from '../../support/kubernetes.ts';
import { type ActionOptions, type ActionRun, GIVEN_KUBERNETES, Workspace } from '../../support/run-action.ts';
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
  /** How the test itself gets in; default: with the password, if there is one. */
  readonly eyes?: Pick<RedisOptions, 'credentials' | 'tls'>;
  /** What stands in the file for its name in angle brackets. */
  readonly fill?: Readonly<Record<string, string>>;
  /** A slot that holds no key and is nobody's any more by the time that it grows; default: none. */
  readonly loses?: string;
  /** Of every run. */
  readonly inputs: Readonly<Record<string, string>>;
  /** Beside these, or in place of them, of the run that lets it grow. */
  readonly grows?: Readonly<Record<string, string>>;
}

/** A StatefulSet that something else has made, as the action finds it: blank servers of which nobody made a cluster yet. */
export interface FoundCluster extends AsyncDisposable {
  /** @param more beside the inputs of every run, or in place of them */
  run(
    command: string,
    shards: number,
    more?: FoundShape['inputs'],
    onLine?: ActionOptions['onLine'],
  ): Promise<ActionRun>;
  look(): Promise<Cluster>;
  /** Sends a command to every pod, behind the action's back; an error of a server is thrown. */
  tellAll(...command: readonly string[]): Promise<void>;
  load(): Promise<void>;
  /** Every key on the primaries. */
  keys(): Promise<ReadonlyMap<string, KeyDigest>>;
}

export async function found(purpose: string, shape: FoundShape): Promise<FoundCluster> {
  await using stack = new AsyncDisposableStack();
  const namespace = stack.use(await createNamespace(purpose));
  const workspace = stack.use(await Workspace.create({}, GIVEN_KUBERNETES));
  const credentials = shape.password === undefined ? {} : { password: shape.password };
  const { eyes = { credentials, tls: null } } = shape;
  const redis = stack.use(createRedis({ ...eyes, dial: directDial(shape.port) }));
  const fill = (text: string): string => Object.entries(shape.fill ?? {}).reduce(filled, text);
  await namespace.applyFile(fileURLToPath(new URL(`../manifests/${shape.file}`, import.meta.url)), fill);

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
    run: (command, declared, more = {}, onLine) => {
      const where = `kubernetes: {namespace: ${namespace.name}, statefulSet: ${statefulSet}, port: ${port}}`;
      const topology = ['version: 1', where, `shards: ${declared}`, `replicasPerShard: ${replicas}`, ''].join('\n');
      const secret = shape.password === undefined ? {} : { 'redis-password': shape.password };
      const inputs = { command, ...secret, ...shape.inputs, ...more };
      return workspace.act(topology, onLine === undefined ? { inputs } : { inputs, onLine });
    },
    look,
    tellAll: async (...command) => sendToAll({ pods: (await look()).pods, redis }, command),
    load: async () => loadEveryType({ pods: (await look()).pods, redis }, { each: 20 }),
    keys: async () => digest({ pods: await primariesOf({ pods: (await look()).pods, redis }), redis }),
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

/** A value of several lines as one of YAML. */
function filled(text: string, [name, value]: readonly [string, string]): string {
  return text.replaceAll(`<${name}>`, value.includes('\n') ? JSON.stringify(value) : value);
}
