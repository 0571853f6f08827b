import { describe, expect, test } from '@jest/globals';
import type { Pod } from '../../../src/core/cluster.ts';
import type { NodeReport } from '../../../src/core/node-report.ts';
import { missingAllow } from '../../../src/plan/dangers.ts';
import { makePlan } from '../../../src/plan/make-plan.ts';
import { steps } from '../../../src/plan/plan.ts';
import { answersOf, podOf } from '../../support/node-reports.ts';
import { see } from '../../support/seen.ts';
import { placeOf, topologyOf } from '../../support/topology.ts';

/** Nobody owns 10923-16383: the pod of their primary came back without its data. */
const LEFT = answersOf([
  { n: 0, slots: '0-5460', keys: 10 },
  { n: 1, slots: '5461-10922', keys: 10 },
]);
const [CAME_BACK] = answersOf([{ n: 2 }]);
const SILENT: NodeReport = { kind: 'silent', pod: 'redis-cluster-2', because: 'loading', seen: 'It loads.' };

function planned(report: NodeReport | undefined, pod: Partial<Pod>) {
  const reports = report === undefined ? LEFT : [...LEFT, report];
  const cluster = see(reports, { pods: [podOf(0), podOf(1), podOf(2, pod)] });
  return makePlan(topologyOf(placeOf('redis-cluster'), { shards: 4, replicas: 0 }), cluster);
}

describe('slots whose primary came back empty, where more shards are declared', () => {
  test.each([
    ['ready', true],
    ['not ready, as its probe passes only in a whole cluster', false],
  ])('and %s: one plan makes the cluster whole and lets it grow, where that is allowed', (_how, ready) => {
    const result = planned(CAME_BACK, { ready });
    if (result.kind === 'refused') throw result.failure;
    expect([...new Set(steps(result.plan).map(({ kind }) => kind))].filter((kind) => kind !== 'wait-for-pods')).toEqual(
      ['scale', 'join', 'assign-slots', 'move-slots'],
    );
    expect(missingAllow(result.plan, [])).toEqual(['assign-lost-slots']);
  });

  test.each<[string, NodeReport | undefined, Partial<Pod>]>([
    ['does not answer: it may own them', SILENT, { ready: false }],
    ['is on its way out: it comes back', CAME_BACK, { deleting: true }],
  ])('are no lost ones while a pod %s', (_why, report, pod) => {
    const result = planned(report, pod);
    expect(result).toMatchObject({
      kind: 'refused',
      failure: { code: 'cluster-unhealthy', remedy: expect.stringContaining('once all pods answer') },
    });
  });
});
