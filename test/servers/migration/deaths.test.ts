import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { moveSlots } from '../../../src/migration/move.ts';
import type { Move } from '../../../src/migration/progress.ts';
import { differences, digest, load } from '../../support/dataset.ts';
import { type LocalPlatform, startLocalPlatform } from '../../support/local-platform.ts';
import { REPRESENTATIVES } from '../../support/servers.ts';
import { carriedOut } from '../../support/set-slots.ts';
import { loaded } from './atomic-stage.ts';
import { openSlots, stageOf } from './stage.ts';
import { Tap } from './tap.ts';

/** Pods 0, 1 and 2 are primaries, 3, 4 and 5 their replicas. */
const [DONOR, RECEIVER] = ['redis-cluster-0', 'redis-cluster-1'];
const MOVE: Move = { from: DONOR, to: RECEIVER, slots: [[0, 2_000]] };
/** In the middle of the first batch. */
const AT_MIGRATE = 60;

async function offsetOf(platform: LocalPlatform, pod: string): Promise<string | undefined> {
  const info = String(await platform.call(pod, ['INFO', 'REPLICATION']));
  return /(?:slave_repl|master_repl)_offset:(\d+)/.exec(info)?.[1];
}

/** Until a replica has all that its primary has: what was not sent on yet would die with that. */
async function untilReplicated(platform: LocalPlatform, primary: string, replica: string): Promise<void> {
  for (let equal = 0; equal < 3; await sleep(20)) {
    const [one, other] = await Promise.all([offsetOf(platform, primary), offsetOf(platform, replica)]);
    equal = one === other ? equal + 1 : 0;
  }
}

describe.each([...REPRESENTATIVES])('$name', (server) => {
  test.each([
    ['donor', DONOR, 'redis-cluster-3'],
    ['receiver', RECEIVER, 'redis-cluster-4'],
  ])('a %s that dies in the middle of a batch is followed by its replica in the same run', async (_side, pod, heir) => {
    await using platform = await startLocalPlatform({ server, pods: 6, nodeTimeout: 1_500 });
    await using redis = platform.redis();
    await platform.form({ shards: 3, replicas: 1 });
    await load({ pods: platform.pods(), redis }, { keys: 20_000 });
    const before = await loaded(platform, redis);
    const context = await stageOf(platform, redis, { method: 'classic' });
    const tap = new Tap(redis, AT_MIGRATE, async () => {
      await untilReplicated(platform, pod, heir);
      await platform.kill(pod);
    });
    await moveSlots(MOVE, { ...context, redis: tap });
    expect(await openSlots(platform, redis)).toEqual([]);
    // What has moved cannot be read before the slots are opened again: that is not to wait for anything.
    const toHeir = tap.sentAfter
      .filter((sent) => sent.pod === heir)
      .flatMap(({ commands }) => commands.flatMap(carriedOut));
    const first = (words: RegExp): number => toHeir.findIndex((command) => words.test(command));
    if (server.name.startsWith('redis')) expect(first(/ (MIGRATING|IMPORTING) /)).toBeLessThan(first(/^PING/));
    const primaries = [heir, pod === DONOR ? RECEIVER : DONOR, 'redis-cluster-2'];
    await platform.untilInfo(primaries, 'CLUSTER', /cluster_state:ok/);
    // Throws where a key is there twice.
    const held = await digest({ pods: primaries.map((name) => platform.pod(name)), redis });
    expect(differences(before, held)).toEqual([]);
  });
});
