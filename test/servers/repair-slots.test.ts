import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { missingAllow } from '../../src/plan/dangers.ts';
import { steps } from '../../src/plan/plan.ts';
import { run as repairSlots } from '../../src/steps/repair-slots/run.ts';
import { isWithin } from '../../src/steps/seen.ts';
import { applyOn, type Ground, look, planOn } from '../support/apply.ts';
import { clusterClient, seedsOf } from '../support/cluster-client.ts';
import { type LocalPlatform, startLocalPlatform } from '../support/local-platform.ts';
import { REPRESENTATIVES } from '../support/servers.ts';
import { topologyOf } from '../support/topology.ts';
import { openSlots, stageOf } from './migration/stage.ts';
import { DONOR_LAST, type Side, SlotStage } from './slot-stage.ts';

interface Wreck {
  readonly name: string;
  /** Default: the donor's pod comes before those of the others. */
  readonly shards?: typeof DONOR_LAST;
  readonly leave: (on: SlotStage) => Promise<void>;
  /** Whose shard is to own the slot in the end. */
  readonly owner: Side;
  /** Servers may mend it by themselves as soon as they hear of each other; repair-owners.test.ts tries it where they do not. */
  readonly mayHeal?: true;
}

const WRECKS: readonly Wreck[] = [
  {
    name: 'a receiver alone awaits the slot, and has nothing of it',
    leave: (on) => on.set('receiver', 'IMPORTING', 'donor'),
    owner: 'donor',
  },
  {
    name: 'the slot is open on both sides and nothing has moved',
    leave: (on) => on.open(),
    owner: 'receiver',
  },
  {
    name: 'a part of the keys has moved',
    leave: async (on) => {
      await on.open();
      await on.migrate(on.some);
    },
    owner: 'receiver',
  },
  {
    name: 'the receiver owns the slot, and the donor may still mark it',
    leave: async (on) => {
      await on.open();
      await on.migrate(on.keys);
      await on.set('receiver', 'NODE', 'receiver');
    },
    owner: 'receiver',
    mayHeal: true,
  },
  {
    name: 'the donor has let go, and the receiver has not heard that it owns the slot',
    leave: async (on) => {
      await on.open();
      await on.migrate(on.keys);
      await on.set('donor', 'NODE', 'receiver');
    },
    owner: 'receiver',
    mayHeal: true,
  },
  {
    name: 'the marks were taken away, and a part of the keys is where nobody can read it',
    leave: (on) => on.strand(),
    owner: 'donor',
  },
  {
    name: 'the donor gives, several await the slot, and nothing has moved',
    leave: async (on) => {
      await on.open();
      await on.set('third', 'IMPORTING', 'donor');
    },
    owner: 'receiver',
  },
  {
    name: 'a part of the keys has moved, and a third one awaits the slot',
    shards: DONOR_LAST,
    leave: async (on) => {
      await on.open();
      await on.migrate(on.some);
      await on.set('third', 'IMPORTING', 'donor');
    },
    owner: 'receiver',
  },
  {
    name: 'a part of the keys has moved, and a third one has some that nobody can read there',
    shards: DONOR_LAST,
    leave: async (on) => {
      await on.strand('third');
      await on.open();
      await on.migrate(on.keys.slice(10, 20));
    },
    owner: 'receiver',
  },
  {
    name: 'a receiver alone marks the slot, and has a part of the keys',
    leave: async (on) => {
      await on.open();
      await on.migrate(on.some);
      await on.set('donor', 'STABLE');
    },
    owner: 'receiver',
  },
  {
    name: 'the donor gives to somebody who awaits nothing',
    leave: (on) => on.set('donor', 'MIGRATING', 'receiver'),
    owner: 'donor',
  },
  {
    name: 'nobody owns the slot, and one holds its keys',
    leave: async (on) => {
      await on.call('donor', ['CLUSTER', 'DELSLOTS', on.slot]);
    },
    owner: 'donor',
  },
  {
    name: 'nobody owns the slot, and two hold its keys',
    leave: async (on) => {
      await on.strand();
      await on.call('donor', ['CLUSTER', 'DELSLOTS', on.slot]);
    },
    owner: 'donor',
  },
  {
    name: 'the donor failed over when a part of the keys had moved',
    leave: async (on) => {
      await on.open();
      await on.migrate(on.some);
      await on.failOver('donor');
    },
    owner: 'receiver',
  },
  {
    name: 'the receiver failed over when a part of the keys had moved',
    leave: async (on) => {
      await on.open();
      await on.migrate(on.some);
      await on.failOver('receiver');
    },
    owner: 'receiver',
  },
];

describe.each([...REPRESENTATIVES])('$name', (server) => {
  let platform: LocalPlatform;
  let slot = 100;

  beforeAll(async () => {
    platform = await startLocalPlatform({ server, pods: 6 });
    await platform.form({ shards: 3, replicas: 1 });
  });

  afterAll(async () => {
    await platform[Symbol.asyncDispose]();
  });

  async function stageWithKeys(shards?: typeof DONOR_LAST): Promise<SlotStage> {
    slot += 1;
    const stage = new SlotStage(platform, slot + (shards === DONOR_LAST ? 11_000 : 0), shards);
    await stage.write(stage.keys, 'first');
    return stage;
  }

  test.each(WRECKS)(
    '$name: mended with all keys, and nothing is left to do',
    async ({ leave, owner, shards, mayHeal }) => {
      await using redis = platform.redis();
      const ground: Ground = { kubernetes: platform.kubernetes, redis };
      const stage = await stageWithKeys(shards);
      await leave(stage);

      const planned = steps(await planOn(ground, topology()));
      const pod = await stage.primary(owner);
      if (mayHeal !== true || planned.length > 0) {
        const repairs = planned
          .filter((step) => step.kind === 'repair-slots')
          .filter((step) => isWithin(String(stage.slot), step.slots));
        expect(new Set(repairs.map((step) => step.owner))).toEqual(new Set([pod]));
      }
      await applyOn(ground, topology());

      expect(await openSlots(platform, redis)).toEqual([]);
      const { members, findings } = await look(ground, topology());
      expect(findings.filter(({ weight }) => weight === 'blocks')).toEqual([]);
      expect(members.flatMap(({ holds }) => holds ?? [])).toEqual([]);
      expect((await planOn(ground, topology())).stages).toEqual([]);
      expect(await stage.read()).toEqual(stage.keys.map((key) => `first of ${key}`));
      expect(await stage.platform.call(pod, ['CLUSTER', 'COUNTKEYSINSLOT', stage.slot])).toBe(stage.keys.length);
    },
  );

  test('a primary that took over from the donor since the last look keeps its keys: the repair is refused', async () => {
    await using redis = platform.redis();
    const ground: Ground = { kubernetes: platform.kubernetes, redis };
    const stage = await stageWithKeys(DONOR_LAST);
    await stage.set('receiver', 'IMPORTING', 'donor');
    const context = await stageOf(platform, redis);
    const [owner, donor] = [await stage.primary('receiver'), await stage.primary('donor')];
    await stage.failOver('donor');
    const step = { kind: 'repair-slots', owner, others: [donor], slots: String(stage.slot), count: 1 } as const;
    await expect(repairSlots(step, context)).rejects.toMatchObject({
      code: 'changed-meanwhile',
      message: expect.stringContaining(`${await stage.primary('donor')} owns ${stage.slot} by now`),
    });
    await applyOn(ground, topology());
    expect(await stage.read()).toEqual(stage.keys.map((key) => `first of ${key}`));
  });

  test('of a key that two hold, the one that its owner has counts', async () => {
    await using redis = platform.redis();
    const stage = await stageWithKeys();
    await stage.strand();
    const newer = stage.some.slice(0, 3);
    await stage.write(newer, 'second');
    await applyOn({ kubernetes: platform.kubernetes, redis }, topology());
    expect(await stage.read()).toEqual(
      stage.keys.map((key) => `${newer.includes(key) ? 'second' : 'first'} of ${key}`),
    );
  });

  test('a slot whose keys are lost is given to a primary, where that is allowed', async () => {
    await using redis = platform.redis();
    const ground: Ground = { kubernetes: platform.kubernetes, redis };
    const stage = await stageWithKeys();
    const lost = 5_000;
    await stage.call('donor', ['CLUSTER', 'DELSLOTS', lost]);
    const plan = await planOn(ground, topology());
    expect(steps(plan)).toContainEqual(expect.objectContaining({ kind: 'assign-slots', slots: String(lost) }));
    expect(missingAllow(plan, [])).toEqual(['assign-lost-slots']);
    await applyOn(ground, topology());
    expect((await look(ground, topology())).findings.filter(({ weight }) => weight === 'blocks')).toEqual([]);
    expect(await stage.read()).toEqual(stage.keys.map((key) => `first of ${key}`));
  });

  test.each([
    ['by a script', '+eval'],
    ['without the right to run one', '-eval'],
  ])(
    'keys that come and go while they are counted (%s) are not taken for keys in the wrong place, nor do they hide any',
    async (_way, right) => {
      for (const { name } of platform.pods()) await platform.call(name, ['ACL', 'SETUSER', 'default', right]);
      await using redis = platform.redis();
      const ground: Ground = { kubernetes: platform.kubernetes, redis };
      const stage = await stageWithKeys();
      const client = clusterClient(seedsOf(platform));
      await client.connect();
      const state = { isOn: true };
      const churn = async (): Promise<void> => {
        for (let n = 0; state.isOn; n += 1) {
          const names = Array.from({ length: 200 }, (_, i) => `churn:${n % 50}:${i}`);
          await Promise.all(names.map((name) => client.set(name, n)));
          await Promise.all(names.filter((_, i) => i % 2 === 0).map((name) => client.del(name)));
        }
      };
      const traffic = churn();
      try {
        for (let looks = 0; looks < 12; looks += 1) {
          const { findings } = await look(ground, topology());
          expect(findings.filter(({ code }) => code === 'keys-elsewhere')).toEqual([]);
        }
        await stage.strand();
        for (let looks = 0; looks < 6; looks += 1) {
          const { findings } = await look(ground, topology());
          expect(findings.filter(({ code }) => code === 'keys-elsewhere')).toHaveLength(1);
        }
      } finally {
        state.isOn = false;
        await traffic;
        client.disconnect();
      }
      await applyOn(ground, topology());
      expect(await stage.read()).toEqual(stage.keys.map((key) => `first of ${key}`));
    },
  );

  /** Wherever roles are by now. */
  function topology() {
    return topologyOf(platform.place, { shards: 3, replicas: 1 }, { placement: ANYWHERE, tolerance: 0.02 });
  }
});

const ANYWHERE = { spreadBy: [], whenUnsatisfiable: 'warn' } as const;
