import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { systemClock } from '../../../src/adapters/process/clock.ts';
import { asFailure, Failure } from '../../../src/core/failure.ts';
import { wordInSlot } from '../../../src/migration/key-slot.ts';
import { leaveInOrder } from '../../../src/migration/leave.ts';
import { constantPace } from '../../../src/migration/pace.ts';
import { openPair } from '../../../src/migration/pair.ts';
import { plannedParties } from '../../../src/migration/parties.ts';
import { Progress } from '../../../src/migration/progress.ts';
import { setSlots } from '../../../src/migration/setslot.ts';
import type { Command, Connection } from '../../../src/ports/redis.ts';
import { run } from '../../../src/steps/move-slots/run.ts';
import { differences, load } from '../../support/dataset.ts';
import { describeOn } from '../../support/describe-on.ts';
import { eventually } from '../../support/eventually.ts';
import { startLocalPlatform } from '../../support/local-platform.ts';
import { REPRESENTATIVES } from '../../support/servers.ts';
import { carriedOut } from '../../support/set-slots.ts';
import { tapped } from '../../support/tapped-redis.ts';
import { loaded } from './atomic-stage.ts';
import { move, openSlots, stageOf } from './stage.ts';
import { Tap } from './tap.ts';

const [DONOR, RECEIVER] = ['redis-cluster-0', 'redis-cluster-1'];

describe.each([...REPRESENTATIVES])('$name', (server) => {
  test('told to stop in the middle of a batch it ends within 7 s, and closes each slot at both servers in two steps', async () => {
    await using platform = await startLocalPlatform({ server, pods: 3 });
    await using redis = platform.redis();
    await platform.form({ shards: 3, replicas: 0 });
    await load({ pods: platform.pods(), redis }, { keys: 10_000 });
    const before = await loaded(platform, redis);
    const stop = new AbortController();
    const reason = new Error('enough');
    let stoppedAt = Number.NaN;
    const tap = new Tap(redis, 40, async () => {
      stoppedAt = Date.now();
      stop.abort(reason);
    });
    const context = await stageOf(platform, redis, { stop: stop.signal, method: 'classic' });
    await expect(run(move(DONOR, RECEIVER, [[0, 2_000]]), { ...context, redis: tap })).rejects.toBe(reason);
    expect(Date.now() - stoppedAt).toBeLessThan(7_000);
    expect(await openSlots(platform, redis)).toEqual([]);
    expect(differences(before, await loaded(platform, redis))).toEqual([]);

    // A client that asks for a key that is not there is sent to and fro while only the receiver has closed its slot.
    const sent = tap.sentAfter
      .map(({ pod, commands }) => ({ pod, words: commands.flatMap(carriedOut) }))
      .filter(({ words }) => words[0] !== 'PING');
    const closedAt = (pod: string) =>
      sent.flatMap((one, at) =>
        one.pod === pod
          ? one.words.filter((words) => words.endsWith('STABLE')).map((words) => [words, at] as const)
          : [],
      );
    const atReceiver = new Map(closedAt(RECEIVER));
    // Of the 64 of a batch.
    expect(atReceiver.size).toBeGreaterThan(15);
    const between = closedAt(DONOR).flatMap(([words, at]) => sent.slice((atReceiver.get(words) ?? 0) + 1, at));
    expect(between.filter(({ pod }) => pod !== DONOR)).toEqual([]);
  });

  test('a password that is changed in the middle of a batch ends it in words, and the next move goes on with the new one', async () => {
    await using platform = await startLocalPlatform({ server, pods: 3, password: 'old' });
    await using redis = platform.redis();
    await platform.form({ shards: 3, replicas: 0 });
    await load({ pods: platform.pods(), redis }, { keys: 10_000 });
    const before = await loaded(platform, redis);
    const context = await stageOf(platform, redis, { method: 'classic' });
    const tap = new Tap(redis, 40, async () => {
      for (const { name } of platform.pods()) await platform.call(name, ['CONFIG', 'SET', 'requirepass', 'new']);
    });
    const step = move(DONOR, RECEIVER, [[0, 2_000]]);
    await expect(run(step, { ...context, redis: tap })).rejects.toMatchObject({
      code: 'redis-auth',
      remedy: expect.stringContaining('redis-password'),
    });
    await using anew = platform.redis({ password: 'new' });
    await run(step, await stageOf(platform, anew, { method: 'classic' }));
    expect(await openSlots(platform, anew)).toEqual([]);
    expect(differences(before, await loaded(platform, anew))).toEqual([]);
  });
});

/** Before Redis 7 no single subcommand can be taken from a user. */
describeOn(REPRESENTATIVES.filter(({ name }) => name !== 'redis-6.2'))('$name', (server) => {
  test('slots that are empty and cannot be closed are named beside the reason to stop, and closed by the next move', async () => {
    const user = 'mover on >secret ~* +@all';
    await using platform = await startLocalPlatform({ server, pods: 3, config: { user } });
    await using redis = platform.redis({ username: 'mover', password: 'secret' });
    await platform.form({ shards: 3, replicas: 0 });
    const context = await stageOf(platform, redis, { method: 'classic' });
    const { donor, receiver } = plannedParties({ from: DONOR, to: RECEIVER }, context);
    await using pair = await openPair(donor, receiver, context);
    const step = move(DONOR, RECEIVER, [[7, 8]]);
    const work = {
      clock: systemClock,
      pace: constantPace(),
      progress: new Progress({ ...step, slots: [[7, 8]] }, context),
      hurry: context.hurry,
    };
    await setSlots(pair.receiver, [7, 8], ['IMPORTING', pair.donor.id], work);
    await setSlots(pair.donor, [7, 8], ['MIGRATING', pair.receiver.id], work);
    await platform.call(RECEIVER, ['ACL', 'SETUSER', 'mover', '-cluster|setslot']);
    const reason = new Failure('stopped', 'Enough.', { remedy: 'Run apply again.' });
    expect(await leaveInOrder(pair, [7, 8], reason, work)).toMatchObject({
      code: 'stopped',
      message: 'Enough.',
      details: [expect.stringMatching(/^Slots 7-8 are empty on redis-cluster-0 and not closed: .*NOPERM/)],
    });
    await platform.call(RECEIVER, ['ACL', 'SETUSER', 'mover', '+cluster|setslot']);
    await run(step, context);
    expect(await openSlots(platform, redis)).toEqual([]);
  });
});

/** Valkey from 8.0 on changes no slot that its replicas do not know of. */
describeOn(REPRESENTATIVES.filter(({ name }) => name.startsWith('valkey')))('$name', (server) => {
  test('a slot that replicas did not confirm is set again, once they answer', async () => {
    await using platform = await startLocalPlatform({ server, pods: 2, nodeTimeout: 15_000 });
    await using redis = platform.redis();
    await platform.form({ shards: 1, replicas: 1 });
    const pod = platform.pod('redis-cluster-0');
    const { signal } = new AbortController();
    await using connection = await redis.open(pod, { signal });
    const refusals: string[] = [];
    const watched: Connection = {
      pod: pod.name,
      send: async (...sent) => {
        const answers = await connection.send(...sent);
        for (const answer of answers) if (!answer.ok) refusals.push(answer.error);
        if (refusals.length > 0) platform.resume('redis-cluster-1');
        return answers;
      },
      [Symbol.asyncDispose]: async () => undefined,
    };
    platform.stop('redis-cluster-1');
    const me = String(await platform.call(pod.name, ['CLUSTER', 'MYID']));
    await setSlots({ pod, waitsForReplicas: true, forSetSlot: [watched] }, [7], ['NODE', me], { clock: systemClock });
    expect(refusals).toEqual([expect.stringMatching(/^NOREPLICAS/)]);
  });

  test('a slot that a client writes to while the receiver waits for replicas to close it stays open, and the key is found', async () => {
    await using platform = await startLocalPlatform({ server, pods: 3, nodeTimeout: 15_000 });
    await using redis = platform.redis();
    await platform.form({ shards: 2, replicas: 0 });
    const replica = 'redis-cluster-2';
    const signal = AbortSignal.timeout(60_000);
    const meet = ['CLUSTER', 'MEET', '127.0.0.1', platform.port(DONOR)];
    await platform.call(replica, meet);
    const id = String(await platform.call(RECEIVER, ['CLUSTER', 'MYID']));
    const told = await redis.connection(platform.pod(replica), { signal });
    const follows = async () => {
      const answers = await told.send([['CLUSTER', 'REPLICATE', id]], { signal });
      return answers.every(({ ok }) => ok);
    };
    await eventually(follows, 'the replica to know its primary');
    await platform.untilInfo([RECEIVER], 'REPLICATION', /slave0:.*state=online/);
    const key = `{${wordInSlot(7)}}:sent-over`;
    await platform.call(DONOR, ['SET', `${key}:not-yet`, 'value']);
    const context = await stageOf(platform, redis, { method: 'classic' });
    const { donor, receiver } = plannedParties({ from: DONOR, to: RECEIVER }, context);
    await using pair = await openPair(donor, receiver, context);
    const progress = new Progress({ from: DONOR, to: RECEIVER, slots: [[7, 7]] }, context);
    const work = { clock: systemClock, pace: constantPace(), progress, hurry: context.hurry };
    await setSlots(pair.receiver, [7], ['IMPORTING', pair.donor.id], work);
    await setSlots(pair.donor, [7], ['MIGRATING', pair.receiver.id], work);
    await using client = await redis.open(platform.pod(RECEIVER), { signal });

    platform.stop(replica);
    const left = leaveInOrder(pair, [7], new Error('enough'), work);
    await sleep(2_500);
    const [, written] = await client.send([['ASKING'], ['SET', key, 'value']], { signal });
    platform.resume(replica);
    expect(written).toMatchObject({ ok: true });
    expect(await left).toMatchObject({ details: [expect.stringContaining('Left open: slot 7')] });
    await run(move(DONOR, RECEIVER, [[7, 7]]), context);
    expect(await platform.call(RECEIVER, ['EXISTS', key, `${key}:not-yet`])).toBe(2);
  });
});

test('a slot of very many keys is given time where another step has failed, and seconds once the run itself is to stop', async () => {
  await using platform = await startLocalPlatform({ pods: 2 });
  await using redis = platform.redis();
  await platform.form({ shards: 2, replicas: 0 });
  const word = wordInSlot(7);
  const keys = Array.from({ length: 60_000 }, (_, i): Command => ['SET', `{${word}}${i}`, i]);
  const signal = AbortSignal.timeout(60_000);
  const donor = await redis.connection(platform.pod(DONOR), { signal });
  for (let begin = 0; begin < keys.length; begin += 1_000)
    await donor.send(keys.slice(begin, begin + 1_000), { signal });
  const [stop, hurry] = [new AbortController(), new AbortController()];
  const begun = Promise.withResolvers<void>();
  let sent = 0;
  const slow = tapped(redis, async ({ commands }, send) => {
    // Not those that try the way out.
    if (commands.some(([name, ...words]) => name === 'MIGRATE' && words.length > 20)) {
      sent += 1;
      begun.resolve();
      await sleep(500);
    }
    return send(commands);
  });
  const context = await stageOf(platform, redis, { stop: stop.signal, hurry: hurry.signal, method: 'classic' });
  const moving = run(move(DONOR, RECEIVER, [[7, 7]]), { ...context, redis: slow }).catch((thrown: unknown) => thrown);
  await begun.promise;
  stop.abort(new Failure('step-failed', 'Another one has failed.', { remedy: 'Look.' }));
  const before = sent;
  await sleep(4_000);
  expect(sent - before).toBeGreaterThan(2);
  const hurriedAt = Date.now();
  hurry.abort(new Failure('lock-lost', 'The lock is lost.', { remedy: 'Run apply again.' }));
  expect(asFailure(await moving).details).toEqual([expect.stringMatching(/^Left open: slot 7,/)]);
  expect(Date.now() - hurriedAt).toBeLessThan(7_000);
  await run(move(DONOR, RECEIVER, [[7, 7]]), await stageOf(platform, redis, { method: 'classic' }));
  expect(await platform.call(RECEIVER, ['CLUSTER', 'COUNTKEYSINSLOT', 7])).toBe(keys.length);
});
