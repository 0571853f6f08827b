import { describe, expect, test } from '@jest/globals';
import { systemClock } from '../../src/adapters/process/clock.ts';
import { run as assignSlots } from '../../src/steps/assign-slots/run.ts';
import { fastClock } from '../support/fast-clock.ts';
import { startLocalPlatform } from '../support/local-platform.ts';
import { NEWEST, type ServerProgram } from '../support/servers.ts';
import { tapped } from '../support/tapped-redis.ts';
import { stageOf, view } from './migration/stage.ts';

const [CLAIMER, FORMER] = ['redis-cluster-0', 'redis-cluster-2'];
const SLOT = 16_000;

/** The 20 s until a claim is made again are 2: only where it has to be made again. */
const FAST = fastClock(10);

/**
 * Since Redis 7.0, and in Valkey, a slot that its owner no longer claims goes to whoever claims it, whatever the epochs
 * (`owner_not_claiming_slot` of cluster_legacy.c).
 */
function asksForEpochs({ name }: ServerProgram): boolean {
  return name.startsWith('redis-6');
}

describe.each([...NEWEST])('$name', (server) => {
  test('a claim that members do not take, for they know of a newer epoch of the former owner, is made again', async () => {
    await using platform = await startLocalPlatform({ server, pods: 3 });
    await platform.form({ shards: 3, replicas: 0 });
    await platform.call(FORMER, ['CLUSTER', 'DELSLOTS', SLOT]);
    await using real = platform.redis();
    let epochs = 0;
    const redis = tapped(real, async ({ commands }, send) => {
      const isBump = commands.some(([, word]) => word === 'BUMPEPOCH');
      if (isBump) epochs += 1;
      return isBump && epochs === 1 ? [{ ok: true, value: 'STILL 1' }] : send(commands);
    });
    const context = { ...(await stageOf(platform, redis)), clock: asksForEpochs(server) ? FAST : systemClock };
    await assignSlots({ kind: 'assign-slots', pod: CLAIMER, slots: String(SLOT), count: 1 }, context);
    expect(epochs).toBe(asksForEpochs(server) ? 2 : 1);
    for (const pod of platform.pods()) {
      const { nodes, me } = await view(real, pod);
      const owners = [...nodes.values()].filter(({ slots }) =>
        slots.some(([first, last]) => first <= SLOT && last >= SLOT),
      );
      expect(owners.map(({ port }) => port)).toEqual([platform.port(CLAIMER)]);
      expect(pod.name === CLAIMER || me.slots.every(([, last]) => last !== SLOT)).toBe(true);
    }
  });
});
