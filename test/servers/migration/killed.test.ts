import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { count } from '../../../src/core/slots.ts';
import { run } from '../../../src/steps/move-slots/run.ts';
import { Chance } from '../../support/chance.ts';
import { seedsOf } from '../../support/cluster-client.ts';
import { differences, digest, load, primariesOf } from '../../support/dataset.ts';
import { type LocalPlatform, startLocalPlatform } from '../../support/local-platform.ts';
import { REPRESENTATIVES } from '../../support/servers.ts';
import { startTraffic } from '../../support/traffic.ts';
import { move, openSlots, stageOf } from './stage.ts';

/** All servers together are killed so often at least, at moments that the seed decides. */
const KILLS = Math.ceil(50 / REPRESENTATIVES.length);
const SEED = Number(process.env['KILL_SEED'] ?? 7);

type Way = readonly [from: string, to: string];
const THERE: Way = ['redis-cluster-0', 'redis-cluster-1'];
const BACK: Way = ['redis-cluster-1', 'redis-cluster-0'];

/** Runs a move in a process of its own and kills that some milliseconds after it has opened slots; what ended it. */
async function killedAfter(milliseconds: number, way: Way, platform: LocalPlatform): Promise<string | null> {
  const ports = platform.pods().map((pod) => platform.port(pod.name));
  const program = join(import.meta.dirname, 'worker.ts');
  const words = [program, ports.join(','), ...way, '0', '5000'];
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  await Promise.race([once(child.stdout, 'data'), ended]);
  const donorNodes = async () => String(await platform.call(way[0], ['CLUSTER', 'NODES']));
  while (child.exitCode === null && !(await donorNodes()).includes('->-')) await sleep(1);
  await sleep(milliseconds);
  child.kill('SIGKILL');
  const [, signal] = await ended;
  return signal;
}

describe.each([...REPRESENTATIVES])('$name', (server) => {
  test('a mover that is killed at any moment, again and again, loses nothing: the next one goes on where it was', async () => {
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
    const chance = new Chance(SEED);
    let [way, opened] = [THERE, 0];
    for (let kills = 0; kills < KILLS; ) {
      const signal = await killedAfter(chance.between(0, 80), way, platform);
      opened += (await openSlots(platform, redis)).length;
      if (signal === 'SIGKILL') kills += 1;
      else way = way === THERE ? BACK : THERE;
    }
    expect(opened).toBeGreaterThan(0);

    for (const last of way === THERE ? [THERE] : [BACK, THERE]) {
      await run(move(...last, [[0, 5000]]), await stageOf(platform, redis));
    }
    expect(await traffic.stop()).toMatchObject({ errors: 0, wrong: 0, stale: 0 });
    expect(await traffic.verify()).toEqual([]);
    expect(await openSlots(platform, redis)).toEqual([]);
    const { cluster } = await stageOf(platform, redis);
    expect(cluster.members.slice(0, 3).map((member) => count(member.slots))).toEqual([460, 10_463, 5461]);
    expect(differences(before, await loaded())).toEqual([]);
  });
});
