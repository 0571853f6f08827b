import { describe, expect, test } from '@jest/globals';
import { memberOf } from '../../../src/core/cluster.ts';
import type { ServerInfo } from '../../../src/core/info.ts';
import type { NodeAnswer } from '../../../src/core/node-report.ts';
import { found, see, whole, withInfo } from '../../support/seen.ts';

/** Of a server that may not be asked with CONFIG. */
const UNTOLD: Partial<NodeAnswer> = { savePoints: null };

function seen(n: number, info: Partial<ServerInfo>, change: Partial<NodeAnswer> = {}, told = true) {
  return see(
    withInfo(whole, n, info).map((answer, i) => {
      if (i !== n) return answer;
      if (told) return { ...answer, ...change };
      const { minReplicas: _, stopsWhenSaveFails: __, ...rest } = answer;
      return { ...rest, ...UNTOLD };
    }),
  );
}

describe('a primary that answers every write with an error is a difference', () => {
  test.each<[string, Partial<ServerInfo>, Partial<NodeAnswer>, string]>([
    [
      'with fewer replicas in step than it asks for',
      { goodReplicas: 1 },
      { minReplicas: 2 },
      'NOREPLICAS): `min-replicas-to-write` asks for 2 replicas in step, and it has 1.',
    ],
    ['after a snapshot that failed', { saveFailed: true }, {}, 'MISCONF): its last snapshot failed'],
    ['that cannot append to its file', { appendFailed: true }, {}, 'MISCONF): it could not write to its append-only'],
    ['whose memory is full', { maxMemory: 900_000 }, {}, 'OOM): it uses more than `maxmemory`'],
  ])('%s', (_name, info, change, words) => {
    const cluster = seen(0, info, change);
    expect(found(cluster)).toEqual(['differs writes-refused']);
    expect(cluster.findings[0]?.text).toContain(words);
    expect(cluster.findings[0]?.pods).toEqual(['redis-cluster-0']);
  });
});

describe('no writes are refused', () => {
  test.each<[string, number, Partial<ServerInfo>, Partial<NodeAnswer>]>([
    ['where as many replicas are in step as it asks for', 0, { goodReplicas: 2 }, { minReplicas: 2 }],
    ['by a replica, which takes none anyway', 3, { goodReplicas: 0, saveFailed: true }, { minReplicas: 2 }],
    [
      'after a snapshot that failed and that nobody asked for',
      0,
      { saveFailed: true, appendOnly: true },
      { savePoints: '' },
    ],
    ['where it goes on after a snapshot that failed', 0, { saveFailed: true }, { stopsWhenSaveFails: false }],
    ['while what fills the memory does not count', 0, { maxMemory: 900_000, uncounted: 200_000 }, {}],
  ])('%s', (_name, n, info, change) => {
    expect(found(seen(n, info, change))).toEqual([]);
  });
});

describe('where CONFIG tells nothing, what INFO proves is said', () => {
  test('a primary with no replica in step that counts them asks for one at least', () => {
    const cluster = seen(0, { goodReplicas: 0 }, {}, false);
    expect(found(cluster)).toEqual(['differs writes-refused']);
    expect(cluster.findings[0]?.text).toContain('asks for at least 1 replica in step, and it has 0');
    expect(memberOf(cluster, 'redis-cluster-0')?.facts.minReplicas).toBe(1);
    expect(found(seen(0, { goodReplicas: 1 }, {}, false))).toEqual([]);
  });

  test('a snapshot that failed is a note: it may take writes all the same', () => {
    expect(found(seen(0, { saveFailed: true }, {}, false))).toEqual(['note writes-refused']);
  });
});

test.each([
  ['at least so many', 0, 2],
  // `min-replicas-max-lag 0`: then it counts none, and asks for none.
  ['none where it does not count them', null, undefined],
])('a server that is told 2 replicas asks for them: %s', (_name, goodReplicas, wanted) => {
  const cluster = seen(3, { goodReplicas }, { minReplicas: 2 });
  expect(memberOf(cluster, 'redis-cluster-3')?.facts.minReplicas).toBe(wanted);
});
