import { describe, expect, test } from '@jest/globals';
import { brief, mistakesIn, withShards } from '../../../support/topology-file.ts';

describe('shares that do not fit', () => {
  const ranges = 'numbers and ranges from 0 to 16383, such as 0-99,200';
  test.each([
    [
      'overlap',
      ['slots: "0-99,200"', 'slots: 50-60', 'weight: 1'],
      `5:12 \`shards[0]\` has slots 50-60 too. [50-60] each slot once`,
    ],
    ['name a slot twice', ['slots: "0-99,50"', 'weight: 1'], `4:12 Slots 50 stand here twice. ["0-99,50"] ${ranges}`],
    ['go beyond the last slot', ['slots: 0-16384', 'weight: 1'], `4:12 Slot 16384 is over 16383. [0-16384] ${ranges}`],
    [
      'go far beyond it',
      ['slots: "99999999999999"', 'weight: 1'],
      `4:12 Slot 99999999999999 is over 16383. ["99999999999999"] ${ranges}`,
    ],
    ['run backwards', ['slots: 9-1', 'weight: 1'], `4:12 The range 9-1 ends before it begins. [9-1] ${ranges}`],
    [
      'are no numbers',
      ['slots: first', 'weight: 1'],
      `4:12 "first" is no slot and no range of slots. [first] ${ranges}`,
    ],
    [
      'leave slots to nobody',
      ['slots: 0-99', 'slots: 200-16383'],
      '4:3 No shard gets slots 100-199. [- slots: 0-99 - slots: 200-16383] all slots, or one shard with a weight for the rest',
    ],
    [
      'leave none for a weight',
      ['slots: 0-16383', 'weight: 1'],
      '4:3 No slots are left for the shards with a weight. [- slots: 0-16383 - weight: 1] at least one slot for each shard',
    ],
    [
      'leave too few for two weights',
      ['slots: 1-16383', 'weight: 1', 'weight: 1'],
      '4:3 2 shards with a weight are to share 1 slots. [- slots: 1-16383 - weight: 1 - weight: 1] at least one slot for each shard',
    ],
    [
      'come to less than a slot',
      ['weight: 0.000001', 'weight: 1'],
      '4:13 `shards[0]` gets no slot. [0.000001] a weight that comes to a slot or more',
    ],
  ])('they %s', (_, shards, mistake) => {
    expect(mistakesIn(withShards(shards.map((shard) => `  - ${shard}`).join('\n'))).map(brief)).toEqual([mistake]);
  });

  const bound = 'at most 1,000 (shards × (1 + replicasPerShard)), the bound of Redis Cluster';
  test.each([
    [500, 1, []],
    [1000, 0, []],
    [1, 999, []],
    [501, 1, [`3:9 The cluster would have 1,002 pods. [501] ${bound}`]],
    [400, 2, [`3:9 The cluster would have 1,200 pods. [400] ${bound}`]],
    [1000, 999, [`3:9 The cluster would have 1,000,000 pods. [1000] ${bound}`]],
  ])('%d shards with %d replicas each', (shards, replicas, mistakes) => {
    const text = `version: 1\nkubernetes: {statefulSet: a}\nshards: ${shards}\nreplicasPerShard: ${replicas}\n`;
    expect(mistakesIn(text).map(brief)).toEqual(mistakes);
  });
});
