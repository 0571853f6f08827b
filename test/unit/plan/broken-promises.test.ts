import { describe, expect, test } from '@jest/globals';
import { type Cluster, withMember } from '../../../src/core/cluster.ts';
import { brokenPromises, brokenRules, differences } from '../../../src/core/invariants.ts';
import { caseOf, planFor } from './named-case.ts';

describe('the promises are seen to be broken', () => {
  const { cluster } = caseOf('nothing to do');
  const change = (pod: string, what: Parameters<typeof withMember>[2]): Cluster =>
    withMember(cluster, `redis-cluster-${pod}`, what);

  test.each<[string, Cluster, string]>([
    ['two owners of one slot', change('1', { slots: [[5460, 10922]] }), '1 slots have two owners.'],
    [
      'slots on a replica',
      change('0', { role: 'replica', primary: 'redis-cluster-1' }),
      'redis-cluster-0 owns slots and is no primary of the cluster.',
    ],
    [
      'a replica of a replica',
      change('4', { primary: 'redis-cluster-5' }),
      'redis-cluster-4 replicates redis-cluster-5, which is no primary.',
    ],
  ])('%s', (_, broken, sentence) => {
    expect(brokenRules(cluster)).toEqual([]);
    expect(brokenRules(broken)).toContain(sentence);
  });

  test('slots that lost their owner', () => {
    const after = change('0', { slots: [[0, 99]] });
    expect(brokenPromises(cluster, after, 1).hard).toEqual(['Slots 100-5460 have no owner any more.']);
  });

  test('a shard that gives and gets slots at once', () => {
    const after = withMember(change('0', { slots: [[100, 5500]] }), 'redis-cluster-1', {
      slots: [
        [0, 99],
        [5501, 10922],
      ],
    });
    expect(brokenPromises(cluster, after, 1).hard).toEqual([
      'redis-cluster-0 gives and gets slots at once.',
      'redis-cluster-1 gives and gets slots at once.',
    ]);
  });

  test('a shard that falls below its declared replicas', () => {
    const after = change('3', { joined: false, role: 'primary', primary: null });
    expect(brokenPromises(cluster, after, 1).redundancy).toEqual(['The shard of redis-cluster-0 has 0 of 1 replicas']);
    expect(brokenPromises(cluster, after, 0).redundancy).toEqual([]);
  });

  test('a cluster that is not as its layout', () => {
    const { layout } = planFor('weights');
    expect(differences(planFor('weights').after, layout)).toEqual([]);
    expect(differences(planFor('weights').before, layout)).toEqual([
      'redis-cluster-0 owns slots 0-5460, not 1365-5460.',
      'redis-cluster-1 owns slots 5461-10922, not 0-1364,5461-12287.',
      'redis-cluster-2 owns slots 10923-16383, not 12288-16383.',
    ]);
  });
});
