import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Cluster } from '../../src/core/cluster.ts';
import { observe } from '../../src/engine/observe.ts';
import { moveSlots } from '../../src/migration/move.ts';
import { run as repairSlots } from '../../src/steps/repair-slots/run.ts';
import { whenInDoubt } from '../../src/steps/repair-slots/when.ts';
import { isWithin } from '../../src/steps/seen.ts';
import { type Ground, planOn } from '../support/apply.ts';
import { CutBus } from '../support/cut-bus.ts';
import { type LocalPlatform, startLocalPlatform } from '../support/local-platform.ts';
import { REPRESENTATIVES } from '../support/servers.ts';
import { stepContext } from '../support/step-context.ts';
import { tapped } from '../support/tapped-redis.ts';
import { topologyOf } from '../support/topology.ts';
import { openSlots } from './migration/stage.ts';
import { type Side, SlotStage } from './slot-stage.ts';

interface Wreck {
  readonly name: string;
  readonly leave: (on: SlotStage) => Promise<void>;
  readonly owner: Side;
  /** Keys besides those that the donor had at first. */
  readonly further: number;
}

const WRECKS: readonly Wreck[] = [
  {
    name: 'three own the slot, each with keys of its own',
    leave: async (on) => {
      for (const [i, side] of (['receiver', 'third'] as const).entries()) {
        await on.set(side, 'NODE', side);
        const [both = ''] = on.keys;
        await on.call(side, ['SET', both, 'stale']);
        for (const key of on.further.slice(2 * i, 2 * i + 2)) await on.call(side, ['SET', key, `first of ${key}`]);
      }
    },
    owner: 'donor',
    further: 4,
  },
  {
    name: 'the receiver owns the slot, and so does the donor, which has not heard of it',
    leave: async (on) => {
      await on.open();
      await on.migrate(on.keys);
      await on.set('receiver', 'NODE', 'receiver');
    },
    owner: 'receiver',
    further: 0,
  },
  {
    name: 'the donor has let go, and the receiver has not heard that it owns the slot',
    leave: async (on) => {
      await on.open();
      await on.migrate(on.keys);
      await on.set('donor', 'NODE', 'receiver');
    },
    owner: 'receiver',
    further: 0,
  },
];

/** Servers mend much of this by themselves as soon as they hear of each other, and delete keys where they do. */
describe.each([...REPRESENTATIVES])(
  'on $name, whose nodes hear of each other only when one owner is left',
  (server) => {
    let bus: CutBus;
    let platform: LocalPlatform;
    let slot = 100;

    beforeAll(async () => {
      bus = new CutBus();
      platform = await startLocalPlatform({ server, pods: 3, nodeTimeout: 120_000, link: bus.inFrontOf });
      await platform.form({ shards: 3, replicas: 0 });
    });

    afterAll(async () => {
      await platform[Symbol.asyncDispose]();
      await bus[Symbol.asyncDispose]();
    });

    test.each(WRECKS)('$name: mended with all keys', async ({ leave, owner, further }) => {
      await using redis = platform.redis();
      slot += 1;
      const stage = new SlotStage(platform, slot);
      await stage.write(stage.keys, 'first');
      bus.cut();
      await leave(stage);

      const cluster = await lookOnce(redis);
      const step = whenInDoubt(cluster).find((one) => isWithin(String(slot), one.slots));
      if (step === undefined) throw new Error('Nothing is to be mended.');
      const pod = await stage.primary(owner);
      expect(step.owner).toBe(pod);
      const hearing = tapped(redis, async ({ commands }, send) => {
        const answers = await send(commands);
        // With the newer epoch news begins to spread.
        if (commands.some(([, word]) => word === 'BUMPEPOCH')) await restore(pod);
        return answers;
      });
      const { place, kubernetes } = platform;
      await repairSlots(step, stepContext({ place, kubernetes, redis: hearing, cluster }));

      expect(await openSlots(platform, redis)).toEqual([]);
      const keys = [...stage.keys, ...stage.further.slice(0, further)];
      expect(await stage.read(keys)).toEqual(keys.map((key) => `first of ${key}`));
      expect(await platform.call(pod, ['CLUSTER', 'COUNTKEYSINSLOT', slot])).toBe(keys.length);
      const ground: Ground = { kubernetes, redis };
      const topology = topologyOf(place, { shards: 3, replicas: 0 }, { tolerance: 0.02 });
      expect((await planOn(ground, topology)).stages).toEqual([]);
    });

    test("a move that goes on where both own a slot: of a key that both have the receiver's counts", async () => {
      await using redis = platform.redis();
      slot += 1;
      const stage = new SlotStage(platform, slot);
      const [both = '', left = ''] = stage.keys;
      await stage.write(stage.keys, 'first');
      bus.cut();
      await stage.open();
      await stage.migrate(stage.keys.slice(2));
      await stage.set('receiver', 'NODE', 'receiver');
      await stage.call('receiver', ['SET', both, 'newer']);
      const [from, to] = [await stage.primary('donor'), await stage.primary('receiver')];
      const { place, kubernetes } = platform;
      const context = stepContext({ place, kubernetes, redis, cluster: await lookOnce(redis) });
      const topology = { ...context.topology, migration: { method: 'classic', maxLatency: 20 } } as const;
      await moveSlots({ from, to, slots: [[slot, slot]] }, { ...context, topology });

      expect(await openSlots(platform, redis)).toEqual([]);
      expect(await platform.call(from, ['CLUSTER', 'COUNTKEYSINSLOT', slot])).toBe(0);
      expect(String(await platform.call(to, ['GET', both]))).toBe('newer');
      expect(String(await platform.call(to, ['GET', left]))).toBe(`first of ${left}`);
      expect(await platform.call(to, ['CLUSTER', 'COUNTKEYSINSLOT', slot])).toBe(stage.keys.length);
      await restore(to);
    });

    /** All hear of the owner's epoch before the work goes on. */
    async function restore(owner: string): Promise<void> {
      await bus.restore();
      const id = String(await platform.call(owner, ['CLUSTER', 'MYID']));
      const epochIn = (nodes: string): string | undefined =>
        nodes
          .split('\n')
          .find((line) => line.startsWith(id))
          ?.split(' ')[6];
      const epoch = epochIn(String(await platform.call(owner, ['CLUSTER', 'NODES'])));
      await platform.until(
        platform.pods().map(({ name }) => name),
        (nodes) => epochIn(nodes) === epoch,
      );
    }

    function lookOnce(redis: ReturnType<LocalPlatform['redis']>): Promise<Cluster> {
      const topology = topologyOf(platform.place, { shards: 3, replicas: 0 });
      const { signal } = new AbortController();
      return observe(topology, { kubernetes: platform.kubernetes, redis }, { manifests: null, thorough: true, signal });
    }
  },
);
