import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Member } from '../../src/core/cluster.ts';
import { leaseName } from '../../src/engine/lock.ts';
import { loadEveryType, losses } from '../support/dataset.ts';
import { createNamespace, type TestNamespace } from '../support/kubernetes.ts';
import { GIVEN_KUBERNETES, Workspace } from '../support/run-action.ts';
import { leftIn } from './support/left-over.ts';
import { LiveCluster, manifest } from './support/live-cluster.ts';

/** More runs than any plan here has stages. */
const MOST_RUNS = 15;

describe('an apply that is killed after each of its stages ends where it was approved', () => {
  let namespace: TestNamespace;
  let workspace: Workspace;
  let live: LiveCluster;

  beforeAll(async () => {
    namespace = await createNamespace('killed');
    const text = await manifest('manifests/redis-cluster.yaml', 'redis:7.0');
    workspace = await Workspace.create({ 'manifests/cluster.yaml': text }, GIVEN_KUBERNETES);
    live = new LiveCluster(namespace);
  });

  afterAll(async () => {
    await live[Symbol.asyncDispose]();
    await workspace[Symbol.asyncDispose]();
    await namespace[Symbol.asyncDispose]();
  });

  test('as it creates a cluster', async () => {
    const titles = await killedAgainAndAgain('shards: 3', {});
    // Pods may be ready before the second run looks: then nothing is waited for.
    for (const kind of ['Apply ', 'Join ', 'Assign ', 'Make ']) {
      expect(titles).toContainEqual(expect.stringContaining(kind));
    }
  });

  test('as it mends what others left half done', async () => {
    const { members } = await live.look();
    const [donor, receiver, third] = members.filter(({ slots }) => slots.length > 0);
    const replicaOf = (primary: Member | undefined) => members.find((member) => member.primary === primary?.pod)?.pod;
    const slot = donor?.slots[0]?.[0] ?? 0;
    await live.send(receiver?.pod ?? '', 'CLUSTER', 'SETSLOT', slot, 'IMPORTING', donor?.id ?? '');
    await live.send(donor?.pod ?? '', 'CLUSTER', 'SETSLOT', slot, 'MIGRATING', receiver?.id ?? '');
    await live.send(replicaOf(third) ?? '', 'CLUSTER', 'FAILOVER');
    // A removal that ended before the others had forgotten the node.
    await live.send(replicaOf(donor) ?? '', 'CLUSTER', 'RESET', 'HARD');
    await live.until('the others to have no link to that node', ({ strangers, members: now }) => {
      const isPrimary = now.some(({ pod, role }) => pod === replicaOf(third) && role === 'primary');
      return isPrimary && strangers.length === 1;
    });
    const titles = await killedAgainAndAgain('shards: 3', { allow: 'forget-unknown-nodes' });
    for (const kind of ['Bring ', 'Forget ', 'Join ', 'Make ']) {
      expect(titles).toContainEqual(expect.stringContaining(kind));
    }
  });

  test('as it takes the replicas away with their volumes, and no key is lost', async () => {
    const { pods, members } = await live.look();
    await loadEveryType({ pods, redis: live.redis }, { each: 20 });
    const before = await live.keys();
    // A pod that goes is a primary, whatever the runs before have made of it.
    const leaving = pods.filter(({ ordinal }) => ordinal >= 3).map(({ name }) => name);
    const isLed = (now: readonly Member[]) => now.some(({ pod, role }) => role === 'primary' && leaving.includes(pod));
    if (!isLed(members)) await live.send(leaving[0] ?? '', 'CLUSTER', 'FAILOVER');
    await live.until('a pod that goes to be a primary', (now) => isLed(now.members));
    const fewer = 'shards: 3\nreplicasPerShard: 0\nvolumes: {onScaleDown: delete}';
    const titles = await killedAgainAndAgain(fewer, { allow: 'delete-volumes' });
    for (const kind of ['Fail over ', 'Remove ', 'Scale ', 'Delete the volumes ']) {
      expect(titles).toContainEqual(expect.stringContaining(kind));
    }
    expect(losses(before, await live.keys())).toEqual([]);
  });

  test('as it cleans up: first what no manifests tell of, then what they hold', async () => {
    const absent = 'shards: 3\nstate: absent';
    const titles = await killedAgainAndAgain(absent, { allow: 'destroy' }, null);
    // Once the StatefulSet is gone, only the lock tells which volumes were its own.
    expect(titles).toContainEqual(expect.stringContaining('Delete StatefulSet/'));
    expect(titles).toContainEqual(expect.stringContaining('Delete the volumes '));
    expect((await leftIn(namespace)).filter((name) => /^(StatefulSet|Pod|PersistentVolumeClaim)\//.test(name))).toEqual(
      [],
    );
    expect(await leftIn(namespace)).toContain('ConfigMap/redis-cluster');
    await killedAgainAndAgain(absent, { allow: 'destroy' });
    expect(await leftIn(namespace)).toEqual([]);
  });

  /** Every run is killed as its first stage ends, until one ends by itself. Returns the titles of the stages that were the last. */
  async function killedAgainAndAgain(
    declared: string,
    inputs: Readonly<Record<string, string>>,
    manifests: string | null = 'manifests/cluster.yaml',
  ): Promise<readonly string[]> {
    const place = JSON.stringify({
      namespace: namespace.name,
      statefulSet: 'redis-cluster',
      ...(manifests === null ? {} : { manifests }),
    });
    const topology = `version: 1\nkubernetes: ${place}\n${declared}\n`;
    const planned = await workspace.act(topology, { inputs: { command: 'plan' } });
    const hash = planned.outputs['plan-hash'] ?? '';
    const approved = { command: 'apply', 'require-approved-plan': 'true', 'approved-plan': hash, ...inputs };
    const titles: string[] = [];
    for (let runs = 1; ; runs += 1) {
      expect(runs).toBeLessThan(MOST_RUNS);
      let title = '';
      const run = await workspace.act(topology, {
        inputs: approved,
        onLine: (line, process) => {
          if (line.startsWith('::group::')) title ||= line;
          if (line === '::endgroup::') process.kill('SIGKILL');
        },
      });
      if (run.exitCode !== -1) {
        expect([run.exitCode, run.exitCode === 0 ? '' : run.log]).toEqual([0, '']);
        break;
      }
      titles.push(title);
      // Half a minute after each kill would take longer than all else here.
      await namespace.expireLease(leaseName('redis-cluster'));
    }
    const again = await workspace.act(topology, { inputs: { command: 'plan' } });
    expect(again.outputs).toMatchObject({ result: 'no-changes' });
    return titles;
  }
});
