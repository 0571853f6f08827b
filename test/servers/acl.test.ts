import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { slotOwners } from '../../src/core/cluster.ts';
import type { Event } from '../../src/core/events.ts';
import type { Journal } from '../../src/engine/carry-out.ts';
import { applyOn, type Ground, look, planOn } from '../support/apply.ts';
import { asClient, seedsOf } from '../support/cluster-client.ts';
import { type LocalPlatform, startLocalPlatform } from '../support/local-platform.ts';
import { REPRESENTATIVES, type ServerProgram } from '../support/servers.ts';
import { topologyOf } from '../support/topology.ts';
import { isAble } from './migration/atomic-stage.ts';

const README = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8');

/** The rights of a user as README.md gives them; functions are unknown to servers before 7.0. */
function rightsOf(user: string, server: ServerProgram): string {
  const line = new RegExp(`^user ${user} on >PASSWORD (.*)$`, 'm').exec(README)?.[1];
  if (line === undefined) throw new Error(`README.md has no rights of ${user}.`);
  return server.name === 'redis-6.2' ? line.replaceAll(/ \+function\S*/g, '') : line;
}

async function startWith(server: ServerProgram, user: string, rights: string): Promise<LocalPlatform> {
  return startLocalPlatform({ server, pods: 6, config: { user: `${user} on >secret ${rights}` } });
}

/** What README.md says to add where servers move slots as a whole. */
function atomicRightsOf(server: ServerProgram): readonly string[] {
  if (!isAble(server)) return [];
  const mine = server.name.startsWith('valkey') ? /\+cluster\|migrateslots( \+cluster\|\w+)+/ : /\+cluster\|migration/;
  return mine.exec(README)?.[0].split(' ') ?? [];
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

/** What only repairs, failovers, a stop, servers with several databases or of other versions need. */
const ELSEWHERE = [
  'cluster|addslots',
  'cluster|addslotsrange',
  'cluster|delslots',
  'cluster|bumpepoch',
  'cluster|failover',
  'cluster|cancelslotmigrations',
  'select',
];

describe.each([...REPRESENTATIVES])('the users of the README, on $name', (server) => {
  test('the one to apply with makes a cluster grow and shrink, and uses every right that it has', async () => {
    const rights = [rightsOf('topology-apply', server), ...atomicRightsOf(server)].join(' ');
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

  test('the one to plan with sees everything and may change nothing', async () => {
    await using platform = await startWith(server, 'topology-plan', rightsOf('topology-plan', server));
    await platform.form({ shards: 3, replicas: 1 });
    await using redis = platform.redis({ username: 'topology-plan', password: 'secret' });
    const ground: Ground = { kubernetes: platform.kubernetes, redis };
    const topology = topologyOf(platform.place, { shards: 4, replicas: 1 });
    expect((await planOn(ground, topology)).stages).not.toEqual([]);
    await expect(applyOn(ground, topology)).rejects.toMatchObject({ code: 'redis-permission' });
  });
});
