import { expect, test } from '@jest/globals';
import { contains } from '../../../src/core/slots.ts';
import { wordInSlot } from '../../../src/migration/key-slot.ts';
import { run } from '../../../src/steps/move-slots/run.ts';
import { CutBus } from '../../support/cut-bus.ts';
import { describeOn } from '../../support/describe-on.ts';
import { eventually } from '../../support/eventually.ts';
import { startLocalPlatform } from '../../support/local-platform.ts';
import { REPRESENTATIVES } from '../../support/servers.ts';
import { isAble } from './atomic-stage.ts';
import { move, stageOf, view } from './stage.ts';

const DONOR = 'redis-cluster-0';
const RECEIVER = 'redis-cluster-1';
const SLOT = 100;
const KEY = `{${wordInSlot(SLOT)}}`;

/** How long a donor holds writes back at most, in milliseconds; Valkey's twice as long. */
const PATIENCE = {
  redis: { 'cluster-slot-migration-write-pause-timeout': '500' },
  valkey: { 'cluster-manual-failover-timeout': '500' },
};

describeOn(REPRESENTATIVES.filter(isAble))('on $name, where slots move as a whole', (server) => {
  test('a donor that takes writes again before it hears of the hand-over makes the move fail in words: they are lost', async () => {
    await using bus = new CutBus();
    const config = server.name.startsWith('valkey') ? PATIENCE.valkey : PATIENCE.redis;
    await using platform = await startLocalPlatform({
      server,
      pods: 2,
      nodeTimeout: 120_000,
      link: bus.inFrontOf,
      config,
    });
    await using redis = platform.redis();
    await platform.form({ shards: 2, replicas: 0 });
    await platform.call(DONOR, ['SET', `${KEY}:early`, 'value']);
    const context = await stageOf(platform, redis, { method: 'atomic' });
    bus.cut();
    const moving = run(move(DONOR, RECEIVER, [[SLOT, SLOT]]), context);
    const refused = expect(moving).rejects.toMatchObject({
      code: 'migration-failed',
      message: expect.stringContaining('may be lost'),
      remedy: expect.stringContaining('Compare the data of these slots'),
    });
    const isTakenOver = async () => contains((await view(redis, platform.pod(RECEIVER))).me.slots, SLOT);
    await eventually(isTakenOver, 'the receiver to take over');
    expect(String(await platform.call(DONOR, ['SET', `${KEY}:late`, 'value']))).toBe('OK');
    await bus.restore();
    await refused;
    expect(String(await platform.call(RECEIVER, ['GET', `${KEY}:early`]))).toBe('value');
    expect(await platform.call(RECEIVER, ['GET', `${KEY}:late`])).toBeNull();
  });
});
