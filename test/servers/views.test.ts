import { describe, expect, test } from '@jest/globals';
import type { Member } from '../../src/core/cluster.ts';
import { viewsOfMembers } from '../../src/servers/views.ts';
import { look } from '../support/apply.ts';
import { startLocalPlatform } from '../support/local-platform.ts';
import { NEWEST } from '../support/servers.ts';
import { tapped } from '../support/tapped-redis.ts';
import { topologyOf } from '../support/topology.ts';

const { signal } = new AbortController();

describe.each([...NEWEST])('steps that wait for the same news ($name)', (server) => {
  test('share the question that is asked next, and none is answered by one that was asked before', async () => {
    await using platform = await startLocalPlatform({ server, pods: 3 });
    await platform.form({ shards: 3, replicas: 0 });
    await using real = platform.redis();
    let questions = 0;
    const redis = tapped(real, ({ commands }, send) => {
      questions += commands.length;
      return send(commands);
    });
    const topology = topologyOf(platform.place, { shards: 3, replicas: 0 });
    const cluster = await look({ kubernetes: platform.kubernetes, redis: real }, topology);
    const [member] = cluster.members;
    const ask = () => viewsOfMembers({ cluster, redis }, [expectMember(member)], { signal });

    const views = await Promise.all([ask(), ask(), ask(), ask()]);
    expect(questions).toBe(2);
    const [first, ...others] = views.map((view) => view.get(member?.pod ?? ''));
    expect(others.every((view) => view === others[0] && view !== first)).toBe(true);

    await ask();
    expect(questions).toBe(3);
  });
});

function expectMember(member: Member | undefined): Member {
  if (member === undefined) throw new Error('No member was seen.');
  return member;
}
