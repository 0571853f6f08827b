import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { count } from '../../../src/core/slots.ts';
import { run } from '../../../src/steps/move-slots/run.ts';
import { seedsOf } from '../../support/cluster-client.ts';
import { differences, digest, load, primariesOf } from '../../support/dataset.ts';
import { type LocalPlatform, startLocalPlatform } from '../../support/local-platform.ts';
import { SERVERS } from '../../support/servers.ts';
import { startTraffic } from '../../support/traffic.ts';
import { move, openSlots, stageOf } from './stage.ts';

/** Runs a move in a process of its own and kills that some milliseconds after it has opened slots; what ended it. */
async function killedAfter(milliseconds: number, platform: LocalPlatform): Promise<string | null> {
  const ports = platform.pods().map((pod) => platform.port(pod.name));
  const program = join(import.meta.dirname, 'worker.ts');
  const words = [program, ports.join(','), 'redis-cluster-0', 'redis-cluster-1', '0', '5000'];
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  await Promise.race([once(child.stdout, 'data'), ended]);
  const donorNodes = async () => String(await platform.call('redis-cluster-0', ['CLUSTER', 'NODES']));
  while (child.exitCode === null && !(await donorNodes()).includes('->-')) await sleep(1);
  await sleep(milliseconds);
  child.kill('SIGKILL');
  const [, signal] = await ended;
  return signal;
}

describe.each([...SERVERS])('$name', (server) => {
  test('a mover that is killed, again and again, loses nothing: the next one goes on where it was', async () => {
    await using platform = await startLocalPlatform({ server, pods: 6 });
    await using redis = platform.redis();
    await platform.form({ shards: 3, replicas: 1 });
    await load({ pods: platform.pods(), redis }, { keys: 100_000 });
    const primaries = async () => primariesOf({ pods: platform.pods(), redis });
    const loaded = async () => {
      const all = await digest({ pods: await primaries(), redis });
      return new Map([...all].filter(([key]) => key.startsWith('key:')));
    };
    const before = await loaded();
    await using traffic = await startTraffic(seedsOf(platform));
    const signals: (string | null)[] = [];
    let opened = 0;
    for (const after of [0, 2, 5, 9, 14, 20]) {
      signals.push(await killedAfter(after, platform));
      opened += (await openSlots(platform, redis)).length;
    }
    expect(signals).toContain('SIGKILL');
    expect(opened).toBeGreaterThan(0);

    await run(move('redis-cluster-0', 'redis-cluster-1', [[0, 5000]]), await stageOf(platform, redis));
    expect(await traffic.stop()).toMatchObject({ errors: 0, wrong: 0, stale: 0 });
    expect(await traffic.verify()).toEqual([]);
    expect(await openSlots(platform, redis)).toEqual([]);
    const { cluster } = await stageOf(platform, redis);
    expect(cluster.members.slice(0, 3).map((member) => count(member.slots))).toEqual([460, 10_463, 5461]);
    expect(differences(before, await loaded())).toEqual([]);
  });
});
