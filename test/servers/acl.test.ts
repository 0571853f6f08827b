import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { slotOwners } from '../../src/core/cluster.ts';
import { applyOn, type Ground, look, planOn } from '../support/apply.ts';
import { type LocalPlatform, startLocalPlatform } from '../support/local-platform.ts';
import { REPRESENTATIVES, type ServerProgram } from '../support/servers.ts';
import { topologyOf } from '../support/topology.ts';

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

describe.each([...REPRESENTATIVES])('the users of the README, on $name', (server) => {
  test('the one to apply with makes a cluster grow and shrink', async () => {
    await using platform = await startWith(server, 'topology-apply', rightsOf('topology-apply', server));
    await using redis = platform.redis({ username: 'topology-apply', password: 'secret' });
    const ground: Ground = { kubernetes: platform.kubernetes, redis };
    for (const shards of [3, 4, 3]) {
      await applyOn(ground, topologyOf(platform.place, { shards, replicas: 1 }));
      expect(slotOwners(await look(ground, topologyOf(platform.place, { shards, replicas: 1 })))).toHaveLength(shards);
    }
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
