import { describe, expect, test } from '@jest/globals';
import { memberOf } from '../../../src/core/cluster.ts';
import { whenLinkIsOutdated } from '../../../src/steps/replicate/when.ts';
import { see, textOf, whole, withInfo } from '../../support/seen.ts';

const OLD = '10.0.9.9:6379';

/** The replica 3 of 0. */
const replica = (change: { linkUp: boolean; primaryAddress: string }) => see(withInfo(whole, 3, change));

describe('a replica without a link', () => {
  test('that looks for its primary where this was before is told anew, and said to', () => {
    const cluster = replica({ linkUp: false, primaryAddress: OLD });
    expect(memberOf(cluster, 'redis-cluster-3')?.outdatedLink).toBe(true);
    expect(whenLinkIsOutdated(cluster)).toEqual([
      { kind: 'replicate', pod: 'redis-cluster-3', primary: 'redis-cluster-0' },
    ]);
    expect(textOf(cluster, 'replica-not-synced')).toBe(
      `redis-cluster-3 has no link to redis-cluster-0, for which it looks at ${OLD}.`,
    );
  });

  test.each([
    ['looks where its primary is', { linkUp: false, primaryAddress: '10.0.0.0:6379' }],
    ['has its link, be it by another address', { linkUp: true, primaryAddress: OLD }],
  ])('is left alone where it %s', (_what, change) => {
    expect(whenLinkIsOutdated(replica(change))).toEqual([]);
  });
});
