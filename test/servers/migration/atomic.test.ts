import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join as pathTo } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { type SlotSet, takeLowest } from '../../../src/core/slots.ts';
import { wordInSlot } from '../../../src/migration/key-slot.ts';
import type { Command } from '../../../src/ports/redis.ts';
import { run as join } from '../../../src/steps/join/run.ts';
import { run } from '../../../src/steps/move-slots/run.ts';
import { seedsOf } from '../../support/cluster-client.ts';
import { differences, digestOfPod, load, loadEveryType } from '../../support/dataset.ts';
import { eventually } from '../../support/eventually.ts';
import { type LocalPlatform, startLocalPlatform } from '../../support/local-platform.ts';
import { SERVERS } from '../../support/servers.ts';
import { startTraffic } from '../../support/traffic.ts';
import { able, jobsAtWork, loaded, notesOf, podName, slotsOf } from './atomic-stage.ts';
import { move, openSlots, stageOf } from './stage.ts';

test('servers that move slots as a whole are among those tested, or there is nothing to test', () => {
  expect(able.map(({ name }) => name)).toEqual(SERVERS.map(({ name }) => name).filter((name) => /9\.|8\.6/.test(name)));
});

/** Makes snapshots of pod 0 take about 0.7 ms a key: 6 s for a third of 30,000. */
async function slowDown(platform: LocalPlatform, { bySomethingElse }: { bySomethingElse: boolean }): Promise<void> {
  await platform.call('redis-cluster-0', ['CONFIG', 'SET', 'rdb-key-save-delay', 600]);
  // One snapshot at a time: the job's has to wait for this one, and is fast then.
  if (!bySomethingElse) return;
  await platform.call('redis-cluster-0', ['BGSAVE']);
  await platform.call('redis-cluster-0', ['CONFIG', 'SET', 'rdb-key-save-delay', 0]);
}

/** Moves in a process of its own, that is killed when the servers show a job at work. */
async function killedInTheMiddle(platform: LocalPlatform, slots: SlotSet): Promise<void> {
  const ports = platform.pods().map((pod) => platform.port(pod.name));
  const [[first, last] = [0, 0]] = slots;
  const program = pathTo(import.meta.dirname, 'worker.ts');
  const words = [program, ports.join(','), 'redis-cluster-0', 'redis-cluster-1', String(first), String(last), 'atomic'];
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  while (child.exitCode === null && (await jobsAtWork(platform)).length === 0) await sleep(1);
  child.kill('SIGKILL');
  const [, signal] = await ended;
  expect(signal).toBe('SIGKILL');
}

for (const server of able) {
  const isValkey = server.name.startsWith('valkey');

  describe(server.name, () => {
    test('3 to 4 shards and back again under traffic: no client sees an error, every key is as it was', async () => {
      await using platform = await startLocalPlatform({ server, pods: 7 });
      await using redis = platform.redis();
      await platform.form({ shards: 3, replicas: 1 });
      const servers = { pods: platform.pods(), redis };
      await load(servers, { keys: 40_000 });
      await loadEveryType(servers, { each: 100 });
      const before = await loaded(platform, redis);
      await using traffic = await startTraffic(seedsOf(platform));
      await join({ kind: 'join', pod: 'redis-cluster-6' }, await stageOf(platform, redis));
      const grow = await stageOf(platform, redis, { method: 'atomic' });
      const donors = grow.cluster.members.filter((member) => member.slots.length > 0);
      const there = donors.map(({ pod, slots }) => move(pod, 'redis-cluster-6', takeLowest(slots, 1365)));
      await Promise.all(there.map((step) => run(step, grow)));
      expect(await slotsOf(platform, redis)).toEqual([4096, 4097, 4096, 0, 0, 0, 4095]);
      expect(differences(before, await loaded(platform, redis))).toEqual([]);

      const shrink = await stageOf(platform, redis, { method: 'atomic' });
      await Promise.all(there.map((step) => run({ ...step, from: step.to, to: step.from }, shrink)));
      expect(await traffic.stop()).toMatchObject({ errors: 0, wrong: 0, stale: 0 });
      expect(await traffic.verify()).toEqual([]);
      expect(await slotsOf(platform, redis)).toEqual([5461, 5462, 5461, 0, 0, 0, 0]);
      expect(await openSlots(platform, redis)).toEqual([]);
      expect(await jobsAtWork(platform)).toEqual([]);
      const after = await loaded(platform, redis);
      expect(differences(before, after)).toEqual([]);
      const [primary, replica] = [platform.pod('redis-cluster-0'), platform.pod('redis-cluster-3')];
      const copy = await digestOfPod(redis, replica);
      expect(differences(await digestOfPod(redis, primary), copy)).toEqual([]);
      const told = [...grow.told, ...shrink.told];
      expect(notesOf(told)).toBe('');
      expect(told.some((event) => event.kind === 'moving' && event.keysDone > 0 && event.keysDone === event.keys)).toBe(
        true,
      );
    });

    test.each([
      ['waits for its snapshot', true],
      ['copies', false],
    ])(
      'told to stop while a job %s it leaves none and no open slot, and the next move finishes',
      async (_at, waits) => {
        await using platform = await startLocalPlatform({ server, pods: 3 });
        await using redis = platform.redis();
        await platform.form({ shards: 3, replicas: 0 });
        await load({ pods: platform.pods(), redis }, { keys: 30_000 });
        const before = await loaded(platform, redis);
        const stop = new AbortController();
        const reason = new Error('enough');
        const context = await stageOf(platform, redis, { stop: stop.signal, method: 'atomic' });
        await slowDown(platform, { bySomethingElse: waits });
        const step = move('redis-cluster-0', 'redis-cluster-1', [[0, 5000]]);
        const moving = run(step, context).catch((thrown: unknown) => thrown);
        const isThere = (job: string): boolean => waits || /snapshotting|accumulate-buffer/.test(job);
        await eventually(async () => (await jobsAtWork(platform)).some(isThere), 'a job');
        const stoppedAt = Date.now();
        stop.abort(reason);
        expect(await moving).toBe(reason);
        expect(Date.now() - stoppedAt).toBeLessThan(7_000);
        expect(await jobsAtWork(platform)).toEqual([]);
        expect(await openSlots(platform, redis)).toEqual([]);
        expect(await slotsOf(platform, redis)).toEqual([5461, 5462, 5461]);
        expect(differences(before, await loaded(platform, redis))).toEqual([]);

        await platform.call('redis-cluster-0', ['CONFIG', 'SET', 'rdb-key-save-delay', 0]);
        await run(step, await stageOf(platform, redis, { method: 'atomic' }));
        expect(await slotsOf(platform, redis)).toEqual([460, 10_463, 5461]);
        expect(differences(before, await loaded(platform, redis))).toEqual([]);
      },
    );

    test.each(['atomic', 'classic'] as const)(
      'a job of a run that was killed is found, told of and waited for by the next one, with `method: %s`',
      async (method) => {
        await using platform = await startLocalPlatform({ server, pods: 3 });
        await using redis = platform.redis();
        await platform.form({ shards: 3, replicas: 0 });
        await load({ pods: platform.pods(), redis }, { keys: 30_000 });
        const before = await loaded(platform, redis);
        await slowDown(platform, { bySomethingElse: true });
        const slots: SlotSet = [[0, 5000]];
        await killedInTheMiddle(platform, slots);
        const context = await stageOf(platform, redis, { method });
        await run(move('redis-cluster-0', 'redis-cluster-1', slots), context);
        expect(notesOf(context.told)).toMatch(/at work on a CLUSTER \w+ already.*\nThat job ended: done/);
        expect(await slotsOf(platform, redis)).toEqual([460, 10_463, 5461]);
        expect(await jobsAtWork(platform)).toEqual([]);
        expect(differences(before, await loaded(platform, redis))).toEqual([]);
      },
    );

    test('slots that a move key by key left open, and those that would hold the donor up, are moved key by key, the others as a whole', async () => {
      await using platform = await startLocalPlatform({ server, pods: 3 });
      await using redis = platform.redis();
      await platform.form({ shards: 3, replicas: 0 });
      await load({ pods: platform.pods(), redis }, { keys: 6_000 });
      const word = wordInSlot(500);
      const hot = Array.from({ length: 10_500 }, (_, i): Command => ['SET', `key:hot:{${word}}${i}`, i]);
      const first = await redis.connection(platform.pod('redis-cluster-0'), { signal: AbortSignal.timeout(10_000) });
      await first.send(hot, { signal: AbortSignal.timeout(10_000) });
      const before = await loaded(platform, redis);
      const context = await stageOf(platform, redis, { maxLatency: 4 });
      const [donor, receiver] = context.cluster.members;
      await platform.call('redis-cluster-1', ['CLUSTER', 'SETSLOT', 77, 'IMPORTING', donor?.id ?? '']);
      await platform.call('redis-cluster-0', ['CLUSTER', 'SETSLOT', 77, 'MIGRATING', receiver?.id ?? '']);
      await run(move('redis-cluster-0', 'redis-cluster-1', [[0, 1_000]]), context);
      const notes = ['Left open by an interrupted move, so moved key by key: slot 77.'];
      if (isValkey)
        notes.push(
          'Slots with very many keys (500) are moved key by key: as a whole each would hold redis-cluster-0 up for longer than `migration.maxLatency` has it.',
        );
      expect(notesOf(context.told)).toBe(notes.join('\n'));
      expect(await slotsOf(platform, redis)).toEqual([4460, 6463, 5461]);
      expect(await openSlots(platform, redis)).toEqual([]);
      expect(differences(before, await loaded(platform, redis))).toEqual([]);
    });

    test('keys that the receiver holds of a slot that is not its own are refused', async () => {
      await using platform = await startLocalPlatform({ server, pods: 3 });
      await using redis = platform.redis();
      await platform.form({ shards: 3, replicas: 0 });
      const context = await stageOf(platform, redis, { method: 'atomic' });
      const [receiver, donor] = context.cluster.members;
      // {1} is in slot 9842, of the second shard.
      await platform.call('redis-cluster-0', ['CLUSTER', 'SETSLOT', 9842, 'IMPORTING', donor?.id ?? '']);
      const asking = await redis.connection(platform.pod('redis-cluster-0'), { signal: context.stop });
      await asking.send([['ASKING'], ['SET', '{1}', 'left over']], { signal: context.stop });
      await platform.call('redis-cluster-0', ['CLUSTER', 'SETSLOT', 9842, 'STABLE']);
      const moving = run(move('redis-cluster-1', 'redis-cluster-0', [[9_800, 9_900]]), context);
      const message = expect.stringContaining('Keys that were deleted since would come back');
      await expect(moving).rejects.toMatchObject({ code: 'migration-failed', message });
      expect(await slotsOf(platform, redis)).toEqual([5461, 5462, 5461]);
      expect(await openSlots(platform, redis)).toEqual([]);
      expect(await asking.send([['DBSIZE']], { signal: context.stop })).toEqual([{ ok: true, value: 1 }]);

      // Left open by an interrupted move, which jobs alone cannot end: clients go on finding the key.
      await platform.call('redis-cluster-0', ['CLUSTER', 'SETSLOT', 9842, 'IMPORTING', donor?.id ?? '']);
      await platform.call('redis-cluster-1', ['CLUSTER', 'SETSLOT', 9842, 'MIGRATING', receiver?.id ?? '']);
      await expect(run(move('redis-cluster-1', 'redis-cluster-0', [[9_800, 9_900]]), context)).rejects.toThrow();
      const open = ['redis-cluster-0 importing 9842', 'redis-cluster-1 migrating 9842'];
      expect(await openSlots(platform, redis)).toEqual(open);
    });

    test('slots come back while their keys are still thrown away where they come to, which is waited for', async () => {
      if (isValkey) return;
      await using platform = await startLocalPlatform({ server, pods: 3, config: { 'enable-debug-command': 'yes' } });
      await using redis = platform.redis();
      await platform.form({ shards: 3, replicas: 0 });
      await load({ pods: platform.pods(), redis }, { keys: 3_000 });
      const before = await loaded(platform, redis);
      // Microseconds a key.
      await platform.call('redis-cluster-0', ['DEBUG', 'ASM-TRIM-METHOD', 'active', 2_000]);
      const context = await stageOf(platform, redis, { method: 'atomic' });
      await run(move('redis-cluster-0', 'redis-cluster-1', [[0, 2_000]]), context);
      const trimming = 'cluster_slot_migration_active_trim_running:1';
      expect(String(await platform.call('redis-cluster-0', ['CLUSTER', 'INFO']))).toContain(trimming);
      await run(move('redis-cluster-1', 'redis-cluster-0', [[0, 2_000]]), context);
      expect(await slotsOf(platform, redis)).toEqual([5461, 5462, 5461]);
      expect(await openSlots(platform, redis)).toEqual([]);
      expect(differences(before, await loaded(platform, redis))).toEqual([]);
    });

    test('functions come along', async () => {
      await using platform = await startLocalPlatform({ server, pods: 3 });
      await using redis = platform.redis();
      await platform.form({ shards: 3, replicas: 0 });
      const library = `#!lua name=mylib\nserver.register_function('answer', function(keys) return 42 end)`;
      const code = isValkey ? library : library.replace('server.', 'redis.');
      await platform.call('redis-cluster-1', ['FUNCTION', 'LOAD', code]);
      const step = move('redis-cluster-1', 'redis-cluster-0', [[9_800, 9_900]]);
      await run(step, await stageOf(platform, redis, { method: 'atomic' }));
      expect(await platform.call('redis-cluster-0', ['FCALL', 'answer', 1, '{1}'])).toBe(42);
    });

    test('a donor that gives its last slot away may turn replica in the midst of it', async () => {
      await using platform = await startLocalPlatform({ server, pods: 6 });
      await using redis = platform.redis();
      await platform.form({ shards: 3, replicas: 1 });
      await load({ pods: platform.pods(), redis }, { keys: 30_000 });
      const before = await loaded(platform, redis);
      const context = await stageOf(platform, redis, { method: 'atomic' });
      const all = context.cluster.members[2]?.slots ?? [];
      await run(move('redis-cluster-2', 'redis-cluster-0', all), context);
      const after = await stageOf(platform, redis);
      expect(after.cluster.members[2]).toMatchObject({ role: 'replica', primary: 'redis-cluster-0', slots: [] });
      expect(differences(before, await loaded(platform, redis))).toEqual([]);
      expect(await openSlots(platform, redis)).toEqual([]);
    });

    test('donors and receivers that several moves share are served in turn', async () => {
      await using platform = await startLocalPlatform({ server, pods: 4 });
      await using redis = platform.redis();
      await platform.form({ shards: 4, replicas: 0 });
      await load({ pods: platform.pods(), redis }, { keys: 40_000 });
      const before = await loaded(platform, redis);
      const context = await stageOf(platform, redis, { method: 'atomic' });
      const moves = [
        move(podName(0), podName(2), [[0, 999]]),
        move(podName(0), podName(3), [[1_000, 1_999]]),
        move(podName(1), podName(2), [[4_096, 5_095]]),
        move(podName(1), podName(3), [[5_096, 6_095]]),
      ];
      await Promise.all(moves.map((step) => run(step, context)));
      expect(await slotsOf(platform, redis)).toEqual([2096, 2096, 6096, 6096]);
      expect(notesOf(context.told)).toBe('');
      expect(differences(before, await loaded(platform, redis))).toEqual([]);
    });
  });
}
