import { describe, expect, test } from '@jest/globals';
import { memberOf } from '../../../src/core/cluster.ts';
import type { NodeReport } from '../../../src/core/node-report.ts';
import { answersOf, lineOf, type NodeSketch } from '../../support/node-reports.ts';
import { found, see, textOf, whole } from '../../support/seen.ts';

/** It knows node 0 and one that is gone; nobody knows it. */
function back(sketch: Partial<NodeSketch> = {}): NodeReport[] {
  return [
    ...whole,
    ...answersOf([{ n: 6, slots: '5461-10922', epoch: 99, ...sketch }]).map((answer) => ({
      ...answer,
      view: { ...answer.view, others: [lineOf({ n: 0, slots: '0-5460' }), lineOf({ n: 77, slots: '10923-16383' })] },
    })),
  ];
}

describe('a pod that came back on an old volume', () => {
  test('counts as blank where it has no key: what it claims and whom it knows is told, and means nothing', () => {
    const cluster = see(back());
    expect(found(cluster)).toEqual(['differs stale-node']);
    expect(textOf(cluster, 'stale-node')).toContain('claims slots 5461-10922 (5,462 slots), which others own');
    expect(memberOf(cluster, 'redis-cluster-6')).toMatchObject({ joined: false, slots: [] });
    expect(cluster.strangers).toEqual([]);
  });

  test('stands in the way where it has keys', () => {
    expect(found(see(back({ keys: 1 })))).toContain('blocks node-not-known');
  });

  test('stands in the way where nobody else owns a slot that it claims', () => {
    const reports = back().map((report, n) =>
      report.kind === 'answered' && n === 1
        ? { ...report, view: { ...report.view, me: lineOf({ n: 1, slots: '5461-10000' }) } }
        : report,
    );
    expect(found(see(reports))).toContain('blocks node-not-known');
  });

  test('stands in the way where somebody knows it', () => {
    const reports = back().map((report) =>
      report.kind === 'answered' && report.pod === 'redis-cluster-3'
        ? { ...report, view: { ...report.view, others: [...report.view.others, lineOf({ n: 6 })] } }
        : report,
    );
    expect(found(see(reports))).toContain('blocks slots-with-two-owners');
  });
});
