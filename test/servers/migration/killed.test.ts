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
import { eventually } from '../../support/eventually.ts';
import { type LocalPlatform, startLocalPlatform } from '../../support/local-platform.ts';
import { REPRESENTATIVES } from '../../support/servers.ts';
import { startTraffic } from '../../support/traffic.ts';
import { isAble, jobsAtWork } from './atomic-stage.ts';
import { move, openSlots, stageOf } from './stage.ts';

/** All servers together are killed so often at least, at moments that the seed decides. */
const KILLS = Math.ceil(50 / REPRESENTATIVES.length);
const SEED = Number(process.env['KILL_SEED'] ?? 7);

const METHODS = ['classic', 'auto'] as const;

type Way = readonly [from: string, to: string];
const THERE: Way = ['redis-cluster-0', 'redis-cluster-1'];
const BACK: Way = ['redis-cluster-1', 'redis-cluster-0'];

interface Kill {
  readonly milliseconds: number;
  readonly method: (typeof METHODS)[number];
}

/** Runs a move in a process of its own and kills that some milliseconds after it has begun on the servers; what ended it. */
async function killedAfter({ milliseconds, method }: Kill, way: Way, platform: LocalPlatform): Promise<string | null> {
  const ports = platform.pods().map((pod) => platform.port(pod.name));
  const program = join(import.meta.dirname, 'worker.ts');
  const words = [program, ports.join(','), ...way, '0', '5000', method];
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  await Promise.race([once(child.stdout, 'data'), ended]);
  const donorNodes = async () => String(await platform.call(way[0], ['CLUSTER', 'NODES']));
  const isAtWork = async () =>
    method === 'classic' ? (await donorNodes()).includes('->-') : (await jobsAtWork(platform)).length > 0;
  while (child.exitCode === null && !(await isAtWork())) await sleep(5);
  await sleep(milliseconds);
  child.kill('SIGKILL');
  const [code, signal] = await ended;
  expect(code ?? 0).toBe(0);
  return signal;
}

describe.each([...REPRESENTATIVES])('$name', (server) => {
  test('a mover that is killed at any moment, again and again, loses nothing: the next one goes on where it was', async () => {
    await using platform = await startLocalPlatform({ server, pods: 6 });
    await using redis = platform.redis();
    await platform.form({ shards: 3, replicas: 1 });
    await load({ pods: platform.pods(), redis }, { keys: 100_000 });
    // Jobs that move slots as a whole are over in less than the time in which they are killed: snapshots take a fifth of a second longer.
    for (const pod of [THERE[0], THERE[1]]) await platform.call(pod, ['CONFIG', 'SET', 'rdb-key-save-delay', 5]);
    const primaries = async () => primariesOf({ pods: platform.pods(), redis });
    const loaded = async () => {
      const all = await digest({ pods: await primaries(), redis });
      return new Map([...all].filter(([key]) => key.startsWith('key:')));
    };
    const before = await loaded();
    await using traffic = await startTraffic(seedsOf(platform));
    const chance = new Chance(SEED);
    const methods = isAble(server) ? METHODS : METHODS.slice(0, 1);
    let [way, opened, jobs] = [THERE, 0, 0];
    for (let kills = 0; kills < KILLS; ) {
      const method = chance.of(methods);
      // A job goes on without the run that began it, and meanwhile no slot is opened.
      const isFree = async () => method !== 'classic' || !isAble(server) || (await jobsAtWork(platform)).length === 0;
      await eventually(isFree, 'the end of the jobs of a run that was killed');
      const signal = await killedAfter({ milliseconds: chance.between(0, 80), method }, way, platform);
      if (method === 'auto') jobs += (await jobsAtWork(platform)).length;
      opened += (await openSlots(platform, redis)).length;
      if (signal === 'SIGKILL') kills += 1;
      else way = way === THERE ? BACK : THERE;
    }
    expect([opened > 0, jobs > 0]).toEqual([true, isAble(server)]);

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
