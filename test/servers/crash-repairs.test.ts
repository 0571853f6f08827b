import { describe, expect, test } from '@jest/globals';
import { wordInSlot } from '../../src/migration/key-slot.ts';
import { type Ground, planOn } from '../support/apply.ts';
import { crashAgainAndAgain } from '../support/crashing.ts';
import { digest, load, losses, primariesOf } from '../support/dataset.ts';
import { type LocalPlatform, startLocalPlatform } from '../support/local-platform.ts';
import { NEWEST } from '../support/servers.ts';
import { topologyOf } from '../support/topology.ts';

const SIX = [0, 1, 2, 3, 4, 5].map((ordinal) => `redis-cluster-${ordinal}`);
const [FIRST = '', SECOND = '', THIRD = '', , REPLICA = ''] = SIX;
/** In a circle, so that each is mended in a stage of its own: nobody gives and gets at once. */
const MOVES = [
  { slot: 100, donor: FIRST, receiver: SECOND },
  { slot: 5_600, donor: SECOND, receiver: THIRD },
  { slot: 11_000, donor: THIRD, receiver: FIRST },
] as const;
const SHAPE = { shards: 3, replicas: 1 };

describe.each([...NEWEST])('a run that ends after any stage of a repair, on $name', (server) => {
  test('of addresses and of slots half moved is gone on with by the next one, and no key is lost', async () => {
    // The servers' default: with less, and a slow machine, replicas take over before all have met again.
    await using platform = await loaded({ nodeTimeout: 15_000 });
    await using redis = platform.redis();
    for (const { slot, donor } of MOVES) {
      for (const key of keysIn(slot)) await platform.call(donor, ['SET', key, key]);
    }
    const before = await keysOf(platform);
    for (const move of MOVES) await halfMove(platform, move);
    for (const pod of SIX) await platform.kill(pod);
    for (const pod of SIX) await platform.restart(pod, { newPort: true });

    const ground: Ground = { kubernetes: platform.kubernetes, redis };
    const { stages } = await planOn(ground, declared(platform));
    const kinds = stages.map((stage) => stage[0]?.step.kind);
    expect(kinds).toEqual(['repair-address', 'repair-slots', 'repair-slots', 'repair-slots']);
    const last = await crashAgainAndAgain(ground, declared(platform));
    expect([...last]).toEqual(['repair-address', 'repair-slots']);
    expect(losses(before, await keysOf(platform))).toEqual([]);
  });

  test('of a node that is gone for good is gone on with by the next one, and no key is lost', async () => {
    await using platform = await loaded();
    await using redis = platform.redis();
    const id = String(await platform.call(REPLICA, ['CLUSTER', 'MYID']));
    const before = await keysOf(platform);
    await platform.kill(REPLICA);
    await platform.loseVolume(REPLICA);
    await platform.restart(REPLICA, { newPort: true });
    const isFailed = (nodes: string): boolean =>
      nodes.split('\n').some((line) => line.startsWith(id) && /[ ,]fail[ ,]/.test(line));
    await platform.until(SIX.slice(0, 3), isFailed);

    const ground: Ground = { kubernetes: platform.kubernetes, redis };
    const last = await crashAgainAndAgain(ground, declared(platform));
    expect([...last]).toEqual(['forget', 'join', 'replicate']);
    expect(losses(before, await keysOf(platform))).toEqual([]);
  });

  async function loaded(options: { nodeTimeout?: number } = {}): Promise<LocalPlatform> {
    const platform = await startLocalPlatform({ server, pods: SIX.length, appendOnly: true, ...options });
    await platform.form(SHAPE);
    await using redis = platform.redis();
    await load({ pods: platform.pods(), redis }, { keys: 2_000 });
    return platform;
  }
});

function declared(platform: LocalPlatform) {
  return topologyOf(platform.place, SHAPE, { placement: { spreadBy: [], whenUnsatisfiable: 'warn' } });
}

function keysIn(slot: number): readonly string[] {
  return ['goes', 'stays'].map((what) => `{${wordInSlot(slot)}}:${what}`);
}

/** As a mover leaves it that is killed: marked on both sides, one key here and one there. */
async function halfMove(platform: LocalPlatform, { slot, donor, receiver }: (typeof MOVES)[number]): Promise<void> {
  const [from, to] = await Promise.all([donor, receiver].map((pod) => platform.call(pod, ['CLUSTER', 'MYID'])));
  await platform.call(receiver, ['CLUSTER', 'SETSLOT', slot, 'IMPORTING', String(from)]);
  await platform.call(donor, ['CLUSTER', 'SETSLOT', slot, 'MIGRATING', String(to)]);
  const [goes = ''] = keysIn(slot);
  await platform.call(donor, ['MIGRATE', '127.0.0.1', platform.port(receiver), goes, 0, 5_000]);
}

async function keysOf(platform: LocalPlatform) {
  await using redis = platform.redis();
  return await digest({ pods: await primariesOf({ pods: platform.pods(), redis }), redis });
}
