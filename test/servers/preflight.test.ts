import { describe, expect, test } from '@jest/globals';
import { each, parse } from '../../src/core/slots.ts';
import { countKeys } from '../../src/engine/measure.ts';
import { checkRights } from '../../src/engine/rights.ts';
import { sampleLargeKeys } from '../../src/engine/sample-keys.ts';
import { estimate } from '../../src/plan/estimate.ts';
import { largeKeyDangers } from '../../src/plan/large-keys.ts';
import type { Plan } from '../../src/plan/plan.ts';
import type { Redis } from '../../src/ports/redis.ts';
import { look, planOn } from '../support/apply.ts';
import { asClient, seedsOf, slotOf } from '../support/cluster-client.ts';
import { load } from '../support/dataset.ts';
import { type LocalPlatform, startLocalPlatform } from '../support/local-platform.ts';
import { REPRESENTATIVES } from '../support/servers.ts';
import { topologyOf } from '../support/topology.ts';
import { isAble } from './migration/atomic-stage.ts';

const { signal } = new AbortController();
const LOOKING = '+ping +info +cluster|nodes +cluster|info +cluster|countkeysinslot';

describe.each([...REPRESENTATIVES])('before the first change, on $name', (server) => {
  const hasFunctions = server.name !== 'redis-6.2';

  test('large keys of the slots that move are told, by their slot and size and never by name, and weighed where the server does', async () => {
    const weighs = server.name === 'redis-8.6';
    await using platform = await formed(weighs ? { 'cluster-slot-stats-enabled': 'yes' } : {});
    await using redis = platform.redis();
    const plan = await planOn({ kubernetes: platform.kubernetes, redis }, grown(platform));
    const moving = plan.stages
      .flat()
      .flatMap(({ step }) => (step.kind === 'move-slots' ? [...each(parse(step.slots) ?? [])] : []));
    const name =
      Array.from({ length: 1_000 }, (_, i) => `customers-of-acme-${i}`).find((one) => moving.includes(slotOf(one))) ??
      '';
    await asClient(seedsOf(platform), (client) => client.set(name, Buffer.alloc(20_000_000)));
    const [large, ...others] = await sampled(plan, redis);
    expect(others).toEqual([]);
    const [danger] = largeKeyDangers(large === undefined ? [] : [large]);
    expect(danger?.text).toMatch(new RegExp(`^A key of 2\\d MB in slot ${slotOf(name)} of redis-cluster-\\d `));
    expect(danger?.text).not.toContain(name);
    await load({ pods: platform.pods(), redis }, { keys: 300 });
    const now = await planOn({ kubernetes: platform.kubernetes, redis }, grown(platform));
    const { bytesToMove } = estimate(now, await countKeys(now, redis, { signal })).summary;
    if (weighs) expect(bytesToMove).toBeGreaterThan(18_000_000);
    else expect(bytesToMove).toBeLessThan(15_000_000);
  });

  test('keys of a donor that is a replica now, and takes over before they move, are asked of its primary', async () => {
    await using platform = await startLocalPlatform({ server, pods: 6 });
    await platform.form({ shards: 3, replicas: 1 });
    await using redis = platform.redis();
    await load({ pods: platform.pods(), redis }, { keys: 3_000 });
    const ground = { kubernetes: platform.kubernetes, redis };
    const topology = topologyOf(platform.place, { shards: 4, replicas: 1 });
    const plan = await planOn(ground, topology);
    const counted = async (of: Plan) =>
      [...(await countKeys(of, redis, { signal })).values()].map(({ keys }) => keys.size);
    const before = await counted(plan);
    expect(Math.min(...before)).toBeGreaterThan(100);
    await platform.call('redis-cluster-3', ['CLUSTER', 'FAILOVER']);
    await platform.untilInfo(['redis-cluster-0'], 'REPLICATION', /role:slave/);
    const then = { ...plan, before: await look(ground, topology) };
    expect(then.before.members[0]).toMatchObject({ role: 'replica', primary: 'redis-cluster-3' });
    expect(await counted(then)).toEqual(before);
    expect(await sampled(then, redis)).toEqual([]);
  });

  test('a user who may not ask for keys is no obstacle', async () => {
    await using platform = await formed({ user: `looker on >secret -@all ${LOOKING}` });
    await using admin = platform.redis();
    await load({ pods: platform.pods(), redis: admin }, { keys: 1_000 });
    await using redis = platform.redis({ username: 'looker', password: 'secret' });
    const plan = await planOn({ kubernetes: platform.kubernetes, redis }, grown(platform));
    expect(await sampled(plan, redis)).toEqual([]);
    expect(await checkRights(plan, redis, { signal })).toBe('unknown');
  });

  test('a user who lacks a right that the plan needs is told which, with the line that gives it', async () => {
    const lacking = hasFunctions ? '-migrate -cluster|setslot' : '-migrate';
    await using platform = await formed({ user: `mover on >secret ~* +@all ${lacking}` });
    await using redis = platform.redis({ username: 'mover', password: 'secret' });
    const plan = await planOn({ kubernetes: platform.kubernetes, redis }, grown(platform));
    const checking = checkRights(plan, redis, { signal });
    if (!hasFunctions) return expect(await checking).toBe('unknown');
    await expect(checking).rejects.toMatchObject({
      code: 'redis-permission',
      message: expect.stringContaining('"mover" may not run cluster|setslot, migrate'),
      remedy: expect.stringContaining('ACL SETUSER mover ~* +cluster|setslot +migrate'),
    });
    const others = ['cluster|delslots', 'select', 'restore-asking', 'set', 'exists', 'del', 'asking'];
    for (const { name } of platform.pods())
      await platform.call(name, ['ACL', 'SETUSER', 'mover', '+@all', ...others.map((right) => `-${right}`)]);
    const message = expect.stringContaining(`"mover" may not run ${others.join(', ')}, which the plan needs`);
    await expect(checkRights(plan, redis, { signal })).rejects.toMatchObject({ code: 'redis-permission', message });
  });

  test('a user who lacks what `method: atomic` sends, or what copies functions, is told before anything is changed', async () => {
    const jobs = server.name.startsWith('valkey') ? '-cluster|migrateslots' : '-cluster|migration';
    const lacking = [...(hasFunctions ? ['-function|list'] : []), ...(isAble(server) ? [jobs] : [])];
    const user = `mover on >secret ~* +@all ${lacking.join(' ')}`;
    await using platform = await formed({ user: user.trim() });
    await using redis = platform.redis({ username: 'mover', password: 'secret' });
    const method = isAble(server) ? 'atomic' : 'auto';
    const topology = { ...grown(platform), migration: { method, maxLatency: 20 } } as const;
    const plan = await planOn({ kubernetes: platform.kubernetes, redis }, topology);
    const checking = checkRights(plan, redis, { signal });
    if (!hasFunctions) return expect(await checking).toBe('unknown');
    const message = isAble(server) ? /function\|list, cluster\|migrat/ : /function\|list/;
    await expect(checking).rejects.toMatchObject({ code: 'redis-permission', message: expect.stringMatching(message) });
  });

  test('a user who may do everything may do all that a plan needs', async () => {
    await using platform = await formed();
    await using redis = platform.redis();
    const plan = await planOn({ kubernetes: platform.kubernetes, redis }, grown(platform));
    expect(await checkRights(plan, redis, { signal })).toBe(hasFunctions ? 'enough' : 'unknown');
  });

  test('function libraries that a receiver lacks are told', async () => {
    await using platform = await formed();
    if (hasFunctions) {
      const library = "#!lua name=mine\nredis.register_function('answer', function() return 42 end)";
      await platform.call('redis-cluster-0', ['FUNCTION', 'LOAD', library]);
    }
    await using redis = platform.redis();
    const { members } = await look({ kubernetes: platform.kubernetes, redis }, grown(platform));
    expect(members.map(({ facts }) => facts.libraries ?? 0)).toEqual([hasFunctions ? 1 : 0, 0, 0, 0]);
  });

  /** Three primaries, and a fourth node that is to get slots. */
  async function formed(config: Readonly<Record<string, string>> = {}): Promise<LocalPlatform> {
    const platform = await startLocalPlatform({ server, pods: 4, config });
    await platform.form({ shards: 3, replicas: 0 });
    return platform;
  }
});

async function sampled(plan: Plan, redis: Redis) {
  return sampleLargeKeys(plan, await countKeys(plan, redis, { signal }), redis, { signal });
}

function grown(platform: LocalPlatform) {
  return topologyOf(platform.place, { shards: 4, replicas: 0 });
}
