import { expect, test } from '@jest/globals';
import { countHeld } from '../../../src/migration/count-keys.ts';
import type { Redis } from '../../../src/ports/redis.ts';
import { slotOf } from '../../support/cluster-client.ts';
import { describeOn } from '../../support/describe-on.ts';
import { type LocalPlatform, startLocalPlatform } from '../../support/local-platform.ts';
import { REPRESENTATIVES } from '../../support/servers.ts';
import { tapped } from '../../support/tapped-redis.ts';

const POD = 'redis-cluster-0';
const TAG = '{tag}';
/** Not in order, more than one script takes, and most of them empty; one has many keys. */
const SLOTS = [slotOf(TAG), ...Array.from({ length: 2_999 }, (_, i) => (i * 7_919) % 16_384)];

describeOn(REPRESENTATIVES)('$name', (server) => {
  test('the keys of many slots are counted in a few answers', async () => {
    await using platform = await startLocalPlatform({ server, pods: 1 });
    await using redis = platform.redis();
    const stage = await stageOn(platform, redis);
    expect(await stage.count()).toEqual({ counts: stage.expected, sent: { EVAL: 3, INFO: 1 } });
  });

  test('a user without the right to EVAL counts them one by one, and is refused once', async () => {
    await using platform = await startLocalPlatform({ server, pods: 1 });
    await using redis = platform.redis();
    await platform.call(POD, ['ACL', 'SETUSER', 'default', '-eval']);
    const stage = await stageOn(platform, redis);
    const { expected: counts } = stage;
    expect(await stage.count()).toEqual({ counts, sent: { EVAL: 3, INFO: 1, CLUSTER: SLOTS.length } });
    expect(await stage.count()).toEqual({ counts, sent: { INFO: 1, CLUSTER: SLOTS.length } });
  });
});

interface Stage {
  readonly expected: readonly number[];
  /** Also how often each command was sent for it. */
  count(): Promise<{ readonly counts: readonly number[]; readonly sent: Readonly<Record<string, number>> }>;
}

async function stageOn(platform: LocalPlatform, redis: Redis): Promise<Stage> {
  await platform.form({ shards: 1, replicas: 0 });
  const keys = Array.from({ length: 900 }, (_, i) => `key:${i % 3 === 0 ? TAG : ''}${i}`);
  for (const key of keys) await platform.call(POD, ['SET', key, 'x']);
  const slotsOfKeys = keys.map(slotOf);

  let sent: Record<string, number> = {};
  const watched = tapped(redis, ({ commands }, send) => {
    for (const [name] of commands) sent[String(name)] = (sent[String(name)] ?? 0) + 1;
    return send(commands);
  });
  const pod = platform.pod(POD);
  const open: Redis['open'] = (one, how) => watched.open(one, how);
  const main = await watched.connection(pod, { signal: AbortSignal.timeout(10_000) });
  return {
    expected: SLOTS.map((slot) => slotsOfKeys.filter((one) => one === slot).length),
    async count() {
      sent = {};
      return { counts: await countHeld({ pod, main, open }, SLOTS), sent };
    },
  };
}
