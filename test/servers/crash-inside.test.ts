import { describe, expect, test } from '@jest/globals';
import { runStep } from '../../src/engine/runners.ts';
import type { StepContext } from '../../src/ports/context.ts';
import type { Redis } from '../../src/ports/redis.ts';
import type { Step } from '../../src/steps/index.ts';
import { applyOn, type Ground, look, planOn } from '../support/apply.ts';
import { digest, load, losses, primariesOf } from '../support/dataset.ts';
import { describeOn } from '../support/describe-on.ts';
import { startLocalPlatform } from '../support/local-platform.ts';
import { REPRESENTATIVES } from '../support/servers.ts';
import { Killed, killedAfter } from '../support/tapped-redis.ts';
import { topologyOf } from '../support/topology.ts';
import { isAble } from './migration/atomic-stage.ts';
import { openSlots, stageOf } from './migration/stage.ts';
import { DONOR_LAST, SlotStage } from './slot-stage.ts';

const pod = (ordinal: number): string => `redis-cluster-${ordinal}`;
const ANYWHERE = { spreadBy: [], whenUnsatisfiable: 'warn' } as const;

/** More than any of these steps sends. */
const MOST = 60;

/** The newest given: what a run sends hardly differs. */
describe.each(REPRESENTATIVES.slice(-1))(
  'a run that is killed inside a step, after each command that changes something, on $name',
  (server) => {
    test('which mends slots: the next one has all keys in one place', async () => {
      await using platform = await startLocalPlatform({ server, pods: 3 });
      await platform.form({ shards: 3, replicas: 0 });
      await using redis = platform.redis();
      const stages: SlotStage[] = [];
      for (let changes = 1, isOver = false; !isOver; changes += 1) {
        expect(changes).toBeLessThan(MOST);
        const stage = new SlotStage(platform, 11_000 + changes, DONOR_LAST, { keys: 4 });
        stages.push(stage);
        const [one = '', two = ''] = stage.keys;
        await stage.write(stage.keys, 'first');
        await stage.strand('third', [one]);
        await stage.open();
        await stage.migrate([two]);
        const [owner, donor, third] = [pod(0), pod(2), pod(1)];
        const step = {
          kind: 'repair-slots',
          owner,
          others: [third, donor],
          slots: String(stage.slot),
          count: 1,
        } as const;
        isOver = await killed(step, changes, await stageOf(platform, redis));
      }
      expect(stages.length).toBeGreaterThan(8);
      const topology = topologyOf(platform.place, { shards: 3, replicas: 0 }, { placement: ANYWHERE });
      await endsAsDeclared({ kubernetes: platform.kubernetes, redis }, topology);
      expect(await openSlots(platform, redis)).toEqual([]);
      for (const stage of stages) expect(await stage.read()).toEqual(stage.keys.map((key) => `first of ${key}`));
    });

    test('which removes a node: the next one removes it, and no key comes back with its volume', async () => {
      await using platform = await startLocalPlatform({ server, pods: 8, appendOnly: true });
      await platform.form({ shards: 2, replicas: 3 });
      await using redis = platform.redis();
      const servers = () => ({ pods: platform.pods(), redis });
      await load(servers(), { keys: 500 });
      const before = await digest({ pods: await primariesOf(servers()), redis });
      for (const ordinal of [2, 3, 4, 5, 6, 7]) {
        const step = { kind: 'remove', pod: pod(ordinal) } as const;
        await killed(step, ordinal - 1, await stageOf(platform, redis));
      }
      // Deleted by Kubernetes on top of that, when its emptiness was written.
      await platform.restart(pod(6), { newPort: true });
      const ground: Ground = { kubernetes: platform.kubernetes, redis };
      const topology = topologyOf(platform.place, { shards: 2, replicas: 0 }, { placement: ANYWHERE });
      await endsAsDeclared(ground, topology);
      expect(losses(before, await digest({ pods: await primariesOf(servers()), redis }))).toEqual([]);

      await platform.scale(8);
      const { members } = await look(ground, topology);
      expect(members.map(({ joined }) => joined)).toEqual([true, true, ...Array(6).fill(false)]);
      expect(members.slice(2).map(({ facts }) => facts.keys)).toEqual(Array(6).fill(0));
    });

    test('which attaches a replica, lets it take over, or lets members meet again: the next one ends it', async () => {
      await using platform = await startLocalPlatform({ server, pods: 4, nodeTimeout: 15_000, appendOnly: true });
      await platform.form({ shards: 2, replicas: 1 });
      await using redis = platform.redis();
      const ground: Ground = { kubernetes: platform.kubernetes, redis };
      const topology = topologyOf(platform.place, { shards: 2, replicas: 1 }, { placement: ANYWHERE });
      await load({ pods: platform.pods(), redis }, { keys: 500 });
      const before = await digest({ pods: await primariesOf({ pods: platform.pods(), redis }), redis });

      await killed({ kind: 'fail-over', pod: pod(2), from: pod(0) }, 1, await stageOf(platform, redis));
      await platform.untilInfo([pod(2)], 'REPLICATION', /role:master/);
      await endsAsDeclared(ground, topology);
      await killed({ kind: 'replicate', pod: pod(0), primary: pod(1) }, 1, await stageOf(platform, redis));
      await endsAsDeclared(ground, topology);

      for (const { name } of platform.pods()) await platform.kill(name);
      for (const { name } of platform.pods()) await platform.restart(name, { newPort: true });
      const context = await stageOf(platform, redis);
      for (const changes of [1, 2, 3]) await killed({ kind: 'repair-address', pod: pod(changes) }, changes, context);
      await endsAsDeclared(ground, topology);
      expect(
        losses(before, await digest({ pods: await primariesOf({ pods: platform.pods(), redis }), redis })),
      ).toEqual([]);
    });
  },
);

/** Redis hides keys that a job would throw away: where no script may count them, a move marks its slots to see them. */
describeOn(REPRESENTATIVES.filter((server) => server.name.startsWith('redis') && isAble(server)))(
  'a run that is killed as it looks for keys that $name hides',
  (server) => {
    test('leaves marks: the next one takes them away, and moves the slots as a whole where nothing else is allowed', async () => {
      await using platform = await startLocalPlatform({ server, pods: 3 });
      await platform.form({ shards: 3, replicas: 0 });
      await using redis = platform.redis();
      const ground: Ground = { kubernetes: platform.kubernetes, redis };
      await load({ pods: platform.pods(), redis }, { keys: 500 });
      const before = await digest({ pods: platform.pods(), redis });
      for (const { name } of platform.pods()) await platform.call(name, ['ACL', 'SETUSER', 'default', '-eval']);
      const migration = { method: 'atomic', maxLatency: 20 } as const;
      const topology = topologyOf(
        platform.place,
        { shards: 3, replicas: 0 },
        { placement: ANYWHERE, tolerance: 0.05, migration },
      );
      const marks: number[] = [];
      for (let changes = 1, isOver = false; !isOver; changes += 2) {
        expect(changes).toBeLessThan(MOST);
        const step = {
          kind: 'move-slots',
          from: pod(0),
          to: pod(1),
          slots: `${2 * changes}-${2 * changes + 1}`,
          count: 2,
        } as const;
        const again = () => stageOf(platform, redis, { method: 'atomic' });
        isOver = await killed(step, changes, await again());
        marks.push((await openSlots(platform, redis)).length);
        await endsAsDeclared(ground, topology);
        expect(await openSlots(platform, redis)).toEqual([]);
        await runStep(step, await again());
      }
      expect(Math.max(...marks)).toBeGreaterThan(0);
      expect(losses(before, await digest({ pods: platform.pods(), redis }))).toEqual([]);
    });
  },
);

/** Whether the step had come to its end. */
async function killed(step: Step, changes: number, context: StepContext & { readonly redis: Redis }): Promise<boolean> {
  try {
    await runStep(step, { ...context, redis: killedAfter(changes, context.redis) });
    return true;
  } catch (thrown) {
    if (!(thrown instanceof Killed)) throw thrown;
    return false;
  }
}

async function endsAsDeclared(ground: Ground, topology: ReturnType<typeof topologyOf>): Promise<void> {
  await applyOn(ground, topology);
  expect((await planOn(ground, topology)).stages).toEqual([]);
  expect((await look(ground, topology)).findings.filter(({ weight }) => weight === 'blocks')).toEqual([]);
}
