import { describe, expect, test } from '@jest/globals';
import { type Cluster, withMember } from '../../../src/core/cluster.ts';
import { yetToCatchUp } from '../../../src/steps/caught-up.ts';
import type { Step } from '../../../src/steps/index.ts';
import { caseOf } from '../plan/named-case.ts';

/** Of #0: #3 stays, #6 goes. */
const { cluster: whole } = caseOf('replicas two to one');
const [STAYS, GOES] = ['redis-cluster-3', 'redis-cluster-6'] as const;
const remove: Step = { kind: 'remove', pod: GOES };
const ONE = { replicasPerShard: 1 };

function behind(...pods: readonly string[]): Cluster {
  return pods.reduce((cluster, pod) => withMember(cluster, pod, { synced: false }), whole);
}

describe('before a replica leaves its shard', () => {
  test('nobody is waited for where those that stay have the data', () => {
    expect(yetToCatchUp([remove], behind(GOES, 'redis-cluster-4'), ONE)).toEqual([]);
  });

  test('one that stays and has not caught up is waited for', () => {
    expect(yetToCatchUp([remove], behind(STAYS), ONE)).toEqual([STAYS]);
    const away: Step = { kind: 'replicate', pod: GOES, primary: 'redis-cluster-1' };
    expect(yetToCatchUp([away], behind(STAYS), ONE)).toEqual([STAYS]);
  });

  test('another that leaves at the same time does not count as one that stays', () => {
    expect(yetToCatchUp([remove, { kind: 'remove', pod: STAYS }], behind(STAYS), ONE)).toEqual([]);
  });

  test('nobody is waited for where more stay than are declared and enough of them have the data', () => {
    expect(yetToCatchUp([remove], behind(STAYS), { replicasPerShard: 0 })).toEqual([]);
  });

  test('a replica that is only waited for leaves nobody', () => {
    const catchUp: Step = { kind: 'replicate', pod: GOES, primary: 'redis-cluster-0' };
    expect(yetToCatchUp([catchUp], behind(STAYS, GOES), ONE)).toEqual([]);
  });

  test('what a shard without slots loses is missed by nobody', () => {
    const drained = withMember(behind(STAYS), 'redis-cluster-0', { slots: [] });
    expect(yetToCatchUp([remove], drained, ONE)).toEqual([]);
  });
});
