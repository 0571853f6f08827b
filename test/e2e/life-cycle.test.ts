import { describe, expect, test } from '@jest/globals';
import { type Cluster, replicasOf, slotOwners } from '../../src/core/cluster.ts';
import { count } from '../../src/core/slots.ts';
import { loadEveryType, losses } from '../support/dataset.ts';
import { createNamespace } from '../support/kubernetes.ts';
import { type ActionRun, Workspace } from '../support/run-action.ts';
import { startTraffic } from '../support/traffic.ts';
import { accountsIn } from './support/accounts.ts';
import { leftIn } from './support/left-over.ts';
import { IMAGES, LiveCluster, manifest } from './support/live-cluster.ts';
import { seedsOfPods } from './support/pods.ts';

interface Shape {
  readonly shards: number | string;
  readonly replicas: number;
  readonly more?: string;
  readonly inputs?: Readonly<Record<string, string>>;
  /** Slots of the shards, by size. */
  readonly slots: readonly number[];
}

/** The runbook's stages and those that it lacks, one after another. */
const LIFE: readonly (readonly [string, Shape])[] = [
  ['grow by a shard', { shards: 4, replicas: 1, slots: [4096, 4096, 4096, 4096] }],
  ['one more replica each', { shards: 4, replicas: 2, slots: [4096, 4096, 4096, 4096] }],
  ['shrink, with fewer replicas', { shards: 3, replicas: 1, slots: [5461, 5461, 5462] }],
  ['weights', { shards: '[{weight: 2}, {weight: 1}, {weight: 1}]', replicas: 1, slots: [4096, 4096, 8192] }],
  ['no replicas', { shards: 3, replicas: 0, slots: [5461, 5461, 5462] }],
  [
    'a shard and replicas at once, onto the volumes that were kept',
    { shards: 4, replicas: 1, slots: [4096, 4096, 4096, 4096] },
  ],
  [
    'shrink and delete volumes',
    {
      shards: 3,
      replicas: 1,
      more: 'volumes: {onScaleDown: delete}',
      inputs: { allow: 'delete-volumes' },
      slots: [5461, 5461, 5462],
    },
  ],
];

describe('from create to clean up under traffic', () => {
  test.concurrent.each(IMAGES.map((image) => ({ image, connect: connectFor(image) })))(
    'on $image, reached by $connect',
    async ({ image, connect }) => {
      const manifests = manifestsFor(image);
      await using namespace = await createNamespace('life');
      await using workspace = await Workspace.create({ 'manifests/cluster.yaml': await manifest(manifests, image) });
      await using live = new LiveCluster(namespace);
      const accounts = await accountsIn(namespace);
      const act: Act = (command, { shards, replicas, more = '', inputs = {} }) => {
        const place = `{namespace: ${namespace.name}, statefulSet: redis-cluster, manifests: manifests/cluster.yaml}`;
        const lines = [
          'version: 1',
          `kubernetes: ${place}`,
          `shards: ${shards}`,
          `replicasPerShard: ${replicas}`,
          more,
        ];
        const kubeconfig = command === 'apply' ? accounts.apply : accounts.plan;
        return workspace.act(`${lines.join('\n')}\n`, { inputs: { command, kubeconfig, connect, ...inputs } });
      };

      await applied(act, { shards: 3, replicas: 1 });
      let cluster = await live.look();
      expect(sizes(cluster)).toEqual([5461, 5461, 5462]);
      await loadEveryType({ pods: cluster.pods, redis: live.redis }, { each: 100 });
      const before = await live.keys();
      await using traffic = await startTraffic(seedsOfPods(cluster.pods), { writers: 2, readers: 2 });

      for (const [stage, shape] of LIFE) {
        await applied(act, shape);
        cluster = await live.look();
        expect([stage, sizes(cluster)]).toEqual([stage, shape.slots]);
        for (const owner of slotOwners(cluster)) {
          expect([stage, owner.pod, replicasOf(cluster, owner.pod).length]).toEqual([stage, owner.pod, shape.replicas]);
        }
        expect(cluster.findings.filter((finding) => finding.weight !== 'note')).toEqual([]);
      }
      const seen = await traffic.stop();
      expect(seen).toMatchObject({ errors: 0, wrong: 0, stale: 0, examples: [] });
      expect(await traffic.verify()).toEqual([]);
      const after = await live.keys();
      expect(losses(before, after)).toEqual([]);

      const gone = { shards: 3, replicas: 1, more: 'state: absent' };
      const refused = await act('apply', gone);
      expect(refused.outputs).toMatchObject({ result: 'refused', 'failure-reason': 'not-allowed', changed: 'false' });
      const removed = await act('apply', { ...gone, inputs: { allow: 'destroy' } });
      expect(removed.outputs).toMatchObject({ result: 'applied' });
      expect(await leftIn(namespace)).toEqual([]);
      const again = await act('plan', gone);
      expect(again.outputs).toMatchObject({ result: 'no-changes' });
    },
    600_000,
  );
});

/** The public manifest of 2019, unmodified but for the image, and the one of this repository. */
function manifestsFor(image: string): string {
  return image.startsWith('redis') ? 'test/e2e/manifests/public-2019.yaml' : 'manifests/redis-cluster.yaml';
}

/** Each way serves one whole life. */
function connectFor(image: string): string {
  return image.startsWith('redis') ? 'direct' : 'port-forward';
}

type Act = (command: string, shape: Pick<Shape, 'shards' | 'replicas' | 'more' | 'inputs'>) => Promise<ActionRun>;

/** A plan that changes nothing, the apply of just that plan, and then nothing left to do. */
async function applied(act: Act, shape: Pick<Shape, 'shards' | 'replicas' | 'more' | 'inputs'>): Promise<void> {
  const planned = await act('plan', shape);
  expect(planned).toMatchObject({ exitCode: 0, outputs: { result: 'planned', changed: 'false', drift: 'true' } });
  const approved = { 'require-approved-plan': 'true', 'approved-plan': planned.outputs['plan-hash'] ?? '' };
  const done = await act('apply', { ...shape, inputs: { ...shape.inputs, ...approved } });
  expect([done.outputs['result'], done.exitCode === 0 ? '' : done.log]).toEqual(['applied', '']);
  const again = await act('plan', shape);
  expect(again.outputs).toMatchObject({ result: 'no-changes', drift: 'false' });
}

function sizes(cluster: Cluster): readonly number[] {
  return slotOwners(cluster)
    .map((owner) => count(owner.slots))
    .toSorted((a, b) => a - b);
}
