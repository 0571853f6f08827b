import { describe, expect, test } from '@jest/globals';
import { Failure } from '../../../src/core/failure.ts';
import { wordInSlot } from '../../../src/migration/key-slot.ts';
import type { Command, Redis } from '../../../src/ports/redis.ts';
import { run } from '../../../src/steps/move-slots/run.ts';
import { describeOn } from '../../support/describe-on.ts';
import { type LocalPlatform, startLocalPlatform } from '../../support/local-platform.ts';
import { REPRESENTATIVES } from '../../support/servers.ts';
import { tapped } from '../../support/tapped-redis.ts';
import { isAble } from './atomic-stage.ts';
import { move, openSlots, stageOf } from './stage.ts';

const DONOR = 'redis-cluster-0';
const RECEIVER = 'redis-cluster-1';
const SLOT = 7;
const KEY = `{${wordInSlot(SLOT)}}`;

/** Milliseconds for which nothing is sent any more; a move tries again a little later. */
const LOST = 45;

interface Sent {
  readonly pod: string;
  readonly commands: readonly Command[];
}

/**
 * Real servers, to which the connections are lost once.
 * @param isThen whether they are lost just before this would be sent
 * @param before told of all that is sent
 */
function losing(redis: Redis, isThen: (sent: Sent) => boolean, before: (sent: Sent) => void): Redis {
  let lostAt: number | null = null;
  return tapped(redis, async (sent, send) => {
    before(sent);
    if (lostAt === null && isThen(sent)) lostAt = Date.now();
    if (lostAt !== null && Date.now() - lostAt < LOST)
      throw new Failure('redis-unreachable', 'The connection is lost.', { remedy: 'Wait.' });
    return send(sent.commands);
  });
}

function says({ commands }: Sent, word: string): boolean {
  return commands.some((words) => words.some((one) => String(one).includes(word)));
}

function isMigrate(sent: Sent): boolean {
  return says(sent, 'MIGRATE') && says(sent, `${KEY}:`) && !says(sent, 'COPY');
}

async function leaveStray(platform: LocalPlatform, redis: Redis): Promise<void> {
  const donor = String(await platform.call(DONOR, ['CLUSTER', 'MYID']));
  await platform.call(RECEIVER, ['CLUSTER', 'SETSLOT', SLOT, 'IMPORTING', donor]);
  const signal = AbortSignal.timeout(10_000);
  const asking = await redis.connection(platform.pod(RECEIVER), { signal });
  await asking.send([['ASKING'], ['SET', `${KEY}:deleted`, 'old']], { signal });
  await platform.call(RECEIVER, ['CLUSTER', 'SETSLOT', SLOT, 'STABLE']);
}

describe.each([...REPRESENTATIVES])('connections to $name that are lost', (server) => {
  test.each(['classic', 'auto'] as const)(
    'between the mark of a slot and the look for leftovers in it hide none: %s',
    async (method) => {
      await using platform = await startLocalPlatform({ server, pods: 2 });
      await using redis = platform.redis();
      await platform.form({ shards: 2, replicas: 0 });
      await platform.call(DONOR, ['SET', `${KEY}:there`, 'value']);
      await leaveStray(platform, redis);
      const context = await stageOf(platform, redis, { method });
      let marks = 0;
      let isChecked = false;
      const lost = losing(
        redis,
        ({ pod }) => pod === RECEIVER && marks > 0,
        (sent) => {
          // The way is tried with a mark, too.
          if (says(sent, 'COPY')) [isChecked, marks] = [true, 0];
          const isReady = isChecked || (method === 'auto' && isAble(server));
          if (isReady && sent.pod === RECEIVER && says(sent, 'IMPORTING')) setImmediate(() => (marks += 1));
        },
      );
      await expect(run(move(DONOR, RECEIVER, [[SLOT, SLOT]]), { ...context, redis: lost })).rejects.toMatchObject({
        code: 'migration-failed',
        message: expect.stringContaining('Keys that were deleted since would come back'),
      });
      expect(await openSlots(platform, redis)).toEqual([]);
      expect(await platform.call(DONOR, ['EXISTS', `${KEY}:there`])).toBe(1);
    },
  );

  test('in the midst of a slot, before the run is told to stop, leave no slot open that has no key on its way', async () => {
    await using platform = await startLocalPlatform({ server, pods: 2 });
    await using redis = platform.redis();
    await platform.form({ shards: 2, replicas: 0 });
    for (let i = 0; i < 200; i += 1) await platform.call(DONOR, ['SET', `${KEY}:${i}`, 'value']);
    const stop = new AbortController();
    const context = await stageOf(platform, redis, { method: 'classic', stop: stop.signal });
    let [migrated, isAgain] = [0, false];
    const lost = losing(
      redis,
      (sent) => isMigrate(sent) && migrated > 1,
      (sent) => {
        if (isMigrate(sent)) migrated += 1;
        // What is asked when connections stand again, before anything is moved.
        if (isAgain && says(sent, 'LIST'))
          stop.abort(new Failure('stopped', 'Enough.', { remedy: 'Run apply again.' }));
        isAgain ||= migrated > 1;
      },
    );
    const step = move(DONOR, RECEIVER, [[SLOT - 1, SLOT + 1]]);
    await expect(run(step, { ...context, redis: lost })).rejects.toMatchObject({
      code: 'stopped',
      details: [expect.stringContaining('Left open: slot 7,')],
    });
    expect(await openSlots(platform, redis)).toEqual([`${DONOR} migrating ${SLOT}`, `${RECEIVER} importing ${SLOT}`]);
    await run(step, await stageOf(platform, redis, { method: 'classic' }));
    expect(await platform.call(RECEIVER, ['CLUSTER', 'COUNTKEYSINSLOT', SLOT])).toBe(200);
  });
});

describeOn(REPRESENTATIVES.filter(({ name }) => /^(redis-8\.[4-9]|valkey-9\.[1-9])/.test(name)))(
  'connections to $name that are lost while a job is at work',
  (server) => {
    test('hide no write of which that passes nothing on (MSETEX)', async () => {
      await using platform = await startLocalPlatform({ server, pods: 2 });
      await using redis = platform.redis();
      await platform.form({ shards: 2, replicas: 0 });
      for (let i = 0; i < 2_000; i += 1) await platform.call(DONOR, ['SET', `${KEY}:${i}`, 'value']);
      await platform.call(DONOR, ['CONFIG', 'SET', 'rdb-key-save-delay', 500]);
      const context = await stageOf(platform, redis);
      const writing: Promise<unknown>[] = [];
      const lost = losing(
        redis,
        () => writing.length > 0,
        (sent) => {
          if (!says(sent, 'MIGRATESLOTS') && !says(sent, 'IMPORT')) return;
          setTimeout(() => {
            writing.push(platform.call(DONOR, ['MSETEX', 1, `${KEY}:late`, 'value']));
          }, 100);
        },
      );
      await expect(run(move(DONOR, RECEIVER, [[SLOT, SLOT]]), { ...context, redis: lost })).rejects.toMatchObject({
        code: 'migration-failed',
        message: expect.stringContaining('MSETEX: 1 times'),
      });
      expect(await Promise.all(writing)).toEqual([1]);
      const said = context.told.flatMap((event) => (event.kind === 'note' ? [event.text] : []));
      expect(said.join('\n')).not.toContain('somebody else');
    });
  },
);

/** Servers before Redis 7 have no functions. */
describeOn(REPRESENTATIVES.filter(({ name }) => name !== 'redis-6.2'))('a receiver of $name', (server) => {
  test('that took over since the move was planned keeps its functions', async () => {
    await using platform = await startLocalPlatform({ server, pods: 4 });
    await using redis = platform.redis();
    await platform.form({ shards: 2, replicas: 1 });
    const heir = 'redis-cluster-3';
    const load = (pod: string, version: number) =>
      platform.call(pod, [
        'FUNCTION',
        'LOAD',
        `#!lua name=one\nredis.register_function('version', function() return ${version} end)`,
      ]);
    await load(DONOR, 1);
    await load(RECEIVER, 2);
    const context = await stageOf(platform, redis, { method: 'classic' });
    await platform.call(heir, ['CLUSTER', 'FAILOVER']);
    await platform.untilInfo([heir], 'REPLICATION', /role:master/);
    await platform.untilInfo([RECEIVER], 'REPLICATION', /role:slave/);
    await run(move(DONOR, RECEIVER, [[SLOT, SLOT]]), context);
    expect(await platform.call(heir, ['FCALL', 'version', 0])).toBe(2);
  });
});
