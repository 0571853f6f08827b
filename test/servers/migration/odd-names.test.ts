import { expect, test } from '@jest/globals';
import type { Command } from '../../../src/ports/redis.ts';
import { run } from '../../../src/steps/move-slots/run.ts';
import { slotOf } from '../../support/cluster-client.ts';
import { describeOn } from '../../support/describe-on.ts';
import { startLocalPlatform } from '../../support/local-platform.ts';
import { REPRESENTATIVES } from '../../support/servers.ts';
import { move, openSlots, stageOf } from './stage.ts';

const TAG = '{odd}';
const SLOT = slotOf(TAG);
/** More than one MIGRATE takes, with all that a protocol of lines and lengths could stumble over. */
const NAMES = [
  ...['', '\r\n', '$3\r\nabc\r\n', '*1\r\n', '"\'`', 'ключ', '🔑'].map((end) => Buffer.from(`${TAG}${end}`)),
  ...Array.from({ length: 256 }, (_, byte) => Buffer.concat([Buffer.from(TAG), Buffer.from([byte, 0, byte])])),
];

describeOn(REPRESENTATIVES)('$name', (server) => {
  test.each(['with', 'without'])('keys of any name move %s the right to EVAL', async (right) => {
    await using platform = await startLocalPlatform({ server, pods: 3 });
    await using redis = platform.redis();
    await platform.form({ shards: 3, replicas: 0 });
    const acl: Command = ['ACL', 'SETUSER', 'default', right === 'with' ? '+eval' : '-eval'];
    for (const { name } of platform.pods()) await platform.call(name, acl);
    const { cluster } = await stageOf(platform, redis);
    const donor = cluster.members.find(({ slots }) => slots.some(([from, to]) => from <= SLOT && SLOT <= to));
    const receiver = cluster.members.find((member) => member !== donor);
    for (const name of NAMES) await platform.call(donor?.pod ?? '', ['SET', name, name]);

    const context = await stageOf(platform, redis, { method: 'classic' });
    await run(move(donor?.pod ?? '', receiver?.pod ?? '', [[SLOT, SLOT]]), context);
    expect(await openSlots(platform, redis)).toEqual([]);
    const held = await platform.call(receiver?.pod ?? '', ['CLUSTER', 'COUNTKEYSINSLOT', SLOT]);
    expect(held).toBe(NAMES.length);
    for (const name of NAMES) expect(await platform.call(receiver?.pod ?? '', ['GET', name])).toEqual(name);
  });
});
