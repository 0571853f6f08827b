import { describe, expect, test } from '@jest/globals';
import { systemClock } from '../../src/adapters/process/clock.ts';
import type { Event } from '../../src/core/events.ts';
import type { Topology } from '../../src/core/topology.ts';
import type { Journal } from '../../src/engine/carry-out.ts';
import type { Clock } from '../../src/ports/clock.ts';
import { applyOn, type Ground } from '../support/apply.ts';
import { CutBus } from '../support/cut-bus.ts';
import { type LocalPlatform, startLocalPlatform } from '../support/local-platform.ts';
import { NEWEST } from '../support/servers.ts';
import { topologyOf } from '../support/topology.ts';

const REPLICA = 'redis-cluster-3';
const DECLARED = { shards: 3, replicas: 1 };

describe.each([...NEWEST])('an apply after whose last step a replica has no link ($name)', (server) => {
  test('ends only when the replica has caught up', async () => {
    await using platform = await withoutLink();
    await using redis = platform.redis();
    const ground: Ground = { kubernetes: platform.kubernetes, redis };
    const told: Event[] = [];
    const journal: Journal = {
      stage: (_number, _planned, work) => work(),
      tell: (event) => {
        if (event.kind === 'waiting' && told.push(event) === 1) void restored(platform);
      },
    };
    await applyOn(ground, declared(platform), { journal });
    expect(told[0]).toMatchObject({ kind: 'waiting', for: 'all members to be well' });
    expect(await linkOf(platform)).toContain('master_link_status:up');
  });

  test('fails in words when it stays so, and so it does while others have no link to a member on the bus', async () => {
    await using bus = new CutBus();
    await using whole = new CutBus();
    let started = 0;
    await using platform = await withoutLink((port) => {
      started += 1;
      return (started === 1 ? bus : whole).inFrontOf(port);
    });
    await using redis = platform.redis();
    const ground: Ground = { kubernetes: platform.kubernetes, redis };
    const end = applyOn(ground, declared(platform), { clock: HURRIED });
    await expect(end).rejects.toMatchObject({
      code: 'not-as-declared',
      message: expect.stringContaining(`${REPLICA} has no link to redis-cluster-`),
    });
    expect(await linkOf(platform)).toContain('master_link_status:down');

    await restored(platform);
    await platform.untilInfo([REPLICA], 'REPLICATION', /master_link_status:up/);
    bus.cut();
    await platform.until(['redis-cluster-2'], (nodes) => nodes.includes('disconnected'));
    await expect(applyOn(ground, declared(platform), { clock: HURRIED })).rejects.toMatchObject({
      code: 'not-as-declared',
      details: [expect.stringMatching(/ have no link to redis-cluster-\d on the cluster bus/)],
    });
    await bus.restore();
    await applyOn(ground, declared(platform));
  });

  /** A cluster as declared, but that one replica cannot log in to its primary. */
  async function withoutLink(link?: (port: number) => Promise<number>): Promise<LocalPlatform> {
    const platform = await startLocalPlatform({ server, pods: 6, ...(link === undefined ? {} : { link }) });
    await platform.form(DECLARED);
    await platform.call(REPLICA, ['CONFIG', 'SET', 'masteruser', 'nobody']);
    await platform.call(REPLICA, ['CONFIG', 'SET', 'masterauth', 'wrong']);
    await platform.call(REPLICA, ['CLIENT', 'KILL', 'TYPE', 'master']);
    await platform.untilInfo([REPLICA], 'REPLICATION', /master_link_status:down/);
    return platform;
  }
});

function declared({ place }: LocalPlatform): Topology {
  return topologyOf(place, DECLARED, { placement: { spreadBy: [], whenUnsatisfiable: 'warn' } });
}

async function restored(platform: LocalPlatform): Promise<void> {
  await platform.call(REPLICA, ['CONFIG', 'SET', 'masteruser', '']);
  await platform.call(REPLICA, ['CONFIG', 'SET', 'masterauth', '']);
}

async function linkOf(platform: LocalPlatform): Promise<string> {
  return String(await platform.call(REPLICA, ['INFO', 'REPLICATION']));
}

/** On which a second takes a thirtieth of one. */
const HURRIED: Clock = {
  now: () => systemClock.now() * 30,
  sleep: (milliseconds, options) => systemClock.sleep(milliseconds / 30, options),
};
