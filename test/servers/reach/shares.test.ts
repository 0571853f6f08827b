import { expect, test } from '@jest/globals';
import { slotOwners } from '../../../src/core/cluster.ts';
import { parse, print } from '../../../src/core/slots.ts';
import type { Share } from '../../../src/core/topology.ts';
import { applyOn, type Ground, look, planOn } from '../../support/apply.ts';
import { differences, digest, loadEveryType } from '../../support/dataset.ts';
import { startLocalPlatform } from '../../support/local-platform.ts';
import { topologyOf } from '../../support/topology.ts';

const PINNED = '16000-16099';
const weight = (n: number): Share => ({ kind: 'weight', weight: n });
const pinned: Share = { kind: 'slots', slots: parse(PINNED) ?? [] };

test('slots are pinned to a shard, shares change, and the slots are free again: every key is kept', async () => {
  await using platform = await startLocalPlatform({ pods: 3 });
  await using redis = platform.redis();
  await platform.form({ shards: 3, replicas: 0 });
  const servers = { pods: platform.pods(), redis };
  await loadEveryType(servers);
  const before = await digest(servers);
  const ground: Ground = { kubernetes: platform.kubernetes, redis };
  const sizesWith = async (shards: readonly Share[]): Promise<readonly string[]> => {
    const topology = { ...topologyOf(platform.place, { shards: 3, replicas: 0 }), shards };
    await applyOn(ground, topology);
    expect((await planOn(ground, topology)).stages).toEqual([]);
    expect(differences(before, await digest(servers))).toEqual([]);
    return slotOwners(await look(ground, topology)).map(({ slots }) => print(slots));
  };
  const owned = await sizesWith([pinned, weight(2), weight(1)]);
  expect(owned).toContain(PINNED);
  const free = await sizesWith([weight(1), weight(1), weight(1)]);
  expect(free).toHaveLength(3);
  expect(free).not.toContain(PINNED);
});
