import { load } from '../../support/dataset.ts';
import { createNamespace, type TestNamespace } from '../../support/kubernetes.ts';
import { type ActionOptions, type ActionRun, GIVEN_KUBERNETES, Workspace } from '../../support/run-action.ts';
import { LiveCluster, manifest } from './live-cluster.ts';

/** A namespace with a cluster of three shards, made by the action itself, and a checkout that declares it. */
export interface StandingCluster extends AsyncDisposable {
  readonly namespace: TestNamespace;
  readonly workspace: Workspace;
  readonly live: LiveCluster;
  /** The text of topology.yaml with this many shards, or with these. */
  declare(shards: number | string, more?: string): string;
  /** Writes topology.yaml and runs the action. */
  act(topology: string, options: ActionOptions): Promise<ActionRun>;
}

interface Standing {
  /** What is loaded into it: so many keys, of so many bytes each. */
  readonly data?: { readonly keys: number; readonly bytes?: number };
  /** Default: redis:7.0. */
  readonly image?: string;
  /** What else of the manifest is other than in this repository. */
  readonly change?: (text: string) => string;
}

export async function standUp(
  purpose: string,
  { data, image = 'redis:7.0', change = (text) => text }: Standing = {},
): Promise<StandingCluster> {
  await using stack = new AsyncDisposableStack();
  const namespace = stack.use(await createNamespace(purpose));
  const text = change(await manifest('manifests/redis-cluster.yaml', image));
  const workspace = stack.use(await Workspace.create({ 'manifests/cluster.yaml': text }, GIVEN_KUBERNETES));
  const live = stack.use(new LiveCluster(namespace));
  const declare = (shards: number | string, more = ''): string =>
    [
      'version: 1',
      `kubernetes: {namespace: ${namespace.name}, statefulSet: redis-cluster, manifests: manifests/cluster.yaml}`,
      `shards: ${shards}`,
      more,
    ].join('\n');
  const act = (topology: string, options: ActionOptions): Promise<ActionRun> => workspace.act(topology, options);
  const made = await act(declare(3), { inputs: { command: 'apply' } });
  if (made.outputs['result'] !== 'applied') throw new Error(`The cluster could not be made:\n${made.log}`);
  if (data !== undefined) await load({ pods: (await live.look()).pods, redis: live.redis }, data);
  const held = stack.move();
  return { namespace, workspace, live, declare, act, [Symbol.asyncDispose]: () => held.disposeAsync() };
}
