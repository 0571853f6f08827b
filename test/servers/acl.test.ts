import { describe, expect, test } from '@jest/globals';
import { slotOwners } from '../../src/core/cluster.ts';
import type { Event } from '../../src/core/events.ts';
import type { Journal } from '../../src/engine/carry-out.ts';
import type { Command } from '../../src/ports/redis.ts';
import { applyOn, type Ground, look, planOn } from '../support/apply.ts';
import { asClient, seedsOf } from '../support/cluster-client.ts';
import { type LocalPlatform, startLocalPlatform } from '../support/local-platform.ts';
import { atomicRights, rightsOf } from '../support/readme-users.ts';
import { hasDatabases, REPRESENTATIVES, type ServerProgram } from '../support/servers.ts';
import { topologyOf } from '../support/topology.ts';
import { isAble } from './migration/atomic-stage.ts';

/** Functions are unknown to servers before 7.0. */
function rightsOn(server: ServerProgram, user: string): string {
  const rights = rightsOf(user);
  return server.name === 'redis-6.2' ? rights.replaceAll(/ \+function\S*/g, '') : rights;
}

async function startWith(server: ServerProgram, user: string, rights: string): Promise<LocalPlatform> {
  // Slots of several databases move key by key, and who applies is to use the rights for jobs.
  const databases = hasDatabases(server) && user !== 'topology-apply' ? { 'cluster-databases': '4' } : {};
  return startLocalPlatform({ server, pods: 6, config: { user: `${user} on >secret ${rights}`, ...databases } });
}

function atomicRightsOn(server: ServerProgram): readonly string[] {
  if (!isAble(server)) return [];
  return atomicRights(server.name.startsWith('valkey') ? 'valkey' : 'redis');
}

/** The commands that servers have run for whomever, as rights are called. */
class Used {
  readonly rights = new Set<string>();
  readonly #platform: LocalPlatform;

  constructor(platform: LocalPlatform) {
    this.#platform = platform;
  }

  async look(): Promise<void> {
    for (const pod of this.#platform.pods()) {
      const stats = String(await this.#platform.call(pod.name, ['INFO', 'COMMANDSTATS']));
      for (const [, name = ''] of stats.matchAll(/^cmdstat_([^:]+):calls=[1-9]/gm)) this.rights.add(name);
    }
  }

  /** Also before each stage: a pod that leaves takes along what it has counted. */
  readonly journal: Journal = {
    stage: async (_number, _planned, work) => {
      await this.look();
      await work();
    },
    tell: () => undefined,
  };
}

/** Keys and a library, by commands that are no rights of the user. */
async function fill(platform: LocalPlatform, server: ServerProgram): Promise<void> {
  await asClient(seedsOf(platform), async (client) => {
    for (let i = 0; i < 300; i += 1) await client.hset(`key:${i}`, 'field', 'x'.repeat(i === 0 ? 200_000 : 3_000));
  });
  if (server.name === 'redis-6.2') return;
  const library = "#!lua name=mine\nredis.register_function('answer', function() return 42 end)";
  await platform.call('redis-cluster-0', ['FUNCTION', 'LOAD', library]);
}

/** What only repairs, failovers, a stop, a broken connection between servers, servers with several databases or of other versions need. */
const ELSEWHERE = [
  'cluster|addslots',
  'cluster|addslotsrange',
  'cluster|delslots',
  'cluster|bumpepoch',
  'cluster|failover',
  'cluster|cancelslotmigrations',
  'client|list',
  'client|kill',
  'select',
];

/** What only those may read who may log in as anybody, or read keys. */
const SECRETS: readonly Command[] = [
  ['CONFIG', 'GET', 'masterauth'],
  ['CONFIG', 'GET', 'masteruser'],
  ['CONFIG', 'GET', 'requirepass'],
  ['CONFIG', 'GET', '*'],
  ['ACL', 'LIST'],
  ['GET', '{1}'],
];

describe.each([...REPRESENTATIVES])('the users of the README, on $name', (server) => {
  test('the one to apply with makes a cluster grow and shrink, and uses every right that it has', async () => {
    const rights = [rightsOn(server, 'topology-apply'), ...atomicRightsOn(server)].join(' ');
    await using platform = await startWith(server, 'topology-apply', rights);
    await using redis = platform.redis({ username: 'topology-apply', password: 'secret' });
    const ground: Ground = { kubernetes: platform.kubernetes, redis };
    const used = new Used(platform);
    const told: Event[] = [];
    const journal: Journal = { ...used.journal, tell: (event) => told.push(event) };
    for (const [shards, method] of [
      [3, 'auto'],
      [4, 'auto'],
      [3, 'classic'],
    ] as const) {
      const topology = topologyOf(platform.place, { shards, replicas: 1 }, { migration: { method, maxLatency: 20 } });
      await applyOn(ground, topology, { journal });
      expect(slotOwners(await look(ground, topology))).toHaveLength(shards);
      if (shards === 3 && method === 'auto') await fill(platform, server);
      await used.look();
    }
    expect(told.flatMap((event) => (event.kind === 'note' ? [event.text] : [])).join()).not.toMatch(
      /one by one|not copied/,
    );
    // Servers before 7.0 count commands without their second word.
    if (server.name === 'redis-6.2') return;
    const given = [...rights.matchAll(/\+(\S+)/g)].map(([, right = '']) => right);
    expect(given.filter((right) => !used.rights.has(right) && !ELSEWHERE.includes(right))).toEqual([]);
  });

  test('the one to plan with plans the same as one with all rights, reads no key and no password, and may change nothing', async () => {
    await using platform = await startWith(server, 'topology-plan', rightsOn(server, 'topology-plan'));
    await platform.form({ shards: 3, replicas: 1 });
    await fill(platform, server);
    const { signal } = new AbortController();
    await using all = platform.redis();
    if (hasDatabases(server)) {
      // {1} is in slot 9842, of the second shard.
      await using connection = await all.open(platform.pod('redis-cluster-1'), { signal });
      const answers = await connection.send(
        [
          ['SELECT', 1],
          ['SET', '{1}', 'value'],
        ],
        { signal },
      );
      expect(answers.map(({ ok }) => ok)).toEqual([true, true]);
    }
    await using redis = platform.redis({ username: 'topology-plan', password: 'secret' });
    const ground: Ground = { kubernetes: platform.kubernetes, redis };
    const topology = topologyOf(platform.place, { shards: 4, replicas: 1 });
    const plan = await planOn(ground, topology);
    expect(plan.stages).not.toEqual([]);
    expect(plan.hash).toBe((await planOn({ ...ground, redis: all }, topology)).hash);

    const connection = await redis.connection(platform.pod('redis-cluster-1'), { signal });
    const answers = await connection.send(SECRETS, { signal });
    expect(answers.filter((answer) => answer.ok || !answer.error.startsWith('NOPERM'))).toEqual([]);
    await expect(applyOn(ground, topology)).rejects.toMatchObject({ code: 'redis-permission' });
  });
});
