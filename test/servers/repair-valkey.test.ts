import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { run as repairSlots } from '../../src/steps/repair-slots/run.ts';
import { applyOn, type Ground } from '../support/apply.ts';
import { describeOn } from '../support/describe-on.ts';
import { eventually } from '../support/eventually.ts';
import { startLocalPlatform } from '../support/local-platform.ts';
import { REPRESENTATIVES } from '../support/servers.ts';
import { topologyOf } from '../support/topology.ts';
import { openSlots, stageOf } from './migration/stage.ts';
import { SlotStage } from './slot-stage.ts';

describeOn(REPRESENTATIVES.filter(({ name }) => name.startsWith('valkey')))('on $name', (server) => {
  test('a mark that a replica has kept, which was away when it was taken from its primary, keeps no repair from its end', async () => {
    await using platform = await startLocalPlatform({ server, pods: 6 });
    await platform.form({ shards: 3, replicas: 1 });
    await using redis = platform.redis();
    const stage = new SlotStage(platform, 100);
    const replica = 'redis-cluster-4';
    const isMarked = async () => String(await platform.call(replica, ['CLUSTER', 'NODES'])).includes('[100-<-');
    await stage.set('receiver', 'IMPORTING', 'donor');
    await eventually(isMarked, 'the mark to reach the replica');
    await platform.kill(replica);
    await platform.untilInfo([await stage.primary('receiver')], 'REPLICATION', /connected_slaves:0/);
    await stage.set('receiver', 'STABLE');
    await platform.restart(replica);
    await platform.untilInfo([replica], 'REPLICATION', /master_link_status:up/);
    expect(await isMarked()).toBe(true);
    const [owner, other] = [await stage.primary('donor'), await stage.primary('third')];
    const step = { kind: 'repair-slots', owner, others: [other], slots: '100', count: 1 } as const;
    await repairSlots(step, await stageOf(platform, redis));
    expect(await openSlots(platform, redis)).toEqual([]);
  });

  test('keys in the wrong place that have expired and are kept in import mode end the repair in words, and without that mode it goes on', async () => {
    await using platform = await startLocalPlatform({ server, pods: 3 });
    await platform.form({ shards: 3, replicas: 0 });
    await using redis = platform.redis();
    const ground: Ground = { kubernetes: platform.kubernetes, redis };
    const topology = topologyOf(platform.place, { shards: 3, replicas: 0 }, { tolerance: 0.02 });
    const stage = new SlotStage(platform, 100);
    const [first = ''] = stage.keys;
    await stage.call('receiver', ['CONFIG', 'SET', 'import-mode', 'yes']);
    await stage.write(stage.keys, 'first');
    await stage.call('donor', ['PEXPIRE', first, 500]);
    await stage.strand('receiver', [first]);
    await sleep(600);
    await expect(applyOn(ground, topology)).rejects.toMatchObject({
      code: 'migration-failed',
      message: expect.stringContaining('Cannot empty slot 100 of redis-cluster-1'),
      remedy: expect.stringContaining('`import-mode no`'),
    });
    await stage.call('receiver', ['CONFIG', 'SET', 'import-mode', 'no']);
    await applyOn(ground, topology);
    expect(await openSlots(platform, redis)).toEqual([]);
    expect(await stage.call('receiver', ['CLUSTER', 'COUNTKEYSINSLOT', 100])).toBe(0);
    expect(await stage.read()).toEqual(stage.keys.map((key) => (key === first ? null : `first of ${key}`)));
  });
});
