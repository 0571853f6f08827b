import { describe, expect, test } from '@jest/globals';
import { Failure } from '../../../src/core/failure.ts';
import type { Finding } from '../../../src/core/findings.ts';
import { driftIssue, inSyncWords, type Mending } from '../../../src/report/drift-issue.ts';
import { issueMarker } from '../../../src/report/marker.ts';
import { findingsList, membersByNode, membersTable, statusMarkdown } from '../../../src/report/members.ts';
import { CONTEXT, clusterOf, planOf, topologyOf } from './reported.ts';

const cluster = clusterOf({ shards: 3, replicas: 1 });
const finding: Finding = {
  code: 'pod-not-ready',
  weight: 'differs',
  text: 'redis-cluster-4 is not ready: Back-off pulling image "x|y" <b>.',
  remedy: 'Look at the pod with `kubectl describe pod`.',
  pods: ['redis-cluster-4'],
};

describe('members', () => {
  test('by name, each column as wide as it must be', () => {
    expect(membersTable(cluster).split('\n').slice(0, 5)).toEqual([
      'NAME             IP          NODE    ZONE    ROLE     PRIMARY          SLOTS                KEYS     MEMORY           LINK',
      'redis-cluster-0  10.244.0.0  node-0  zone-a  primary  -                0-5460 (5,461)       333,121  44 MB of 256 MB  -',
      'redis-cluster-1  10.244.1.1  node-1  zone-b  primary  -                5461-10922 (5,462)   333,182  44 MB of 256 MB  -',
      'redis-cluster-2  10.244.2.2  node-2  zone-c  primary  -                10923-16383 (5,461)  333,121  44 MB of 256 MB  -',
      'redis-cluster-3  10.244.0.3  node-1  zone-b  replica  redis-cluster-0  -                    333,121  44 MB of 256 MB  up',
    ]);
  });

  test('by Kubernetes node, which is named once', () => {
    const lines = membersByNode(cluster).split('\n');
    expect(lines.map((line) => line.slice(0, 31).trimEnd())).toEqual([
      'NODE    ZONE    NAME',
      'node-0  zone-a  redis-cluster-0',
      '                redis-cluster-5',
      'node-1  zone-b  redis-cluster-1',
      '                redis-cluster-3',
      'node-2  zone-c  redis-cluster-2',
      '                redis-cluster-4',
    ]);
  });

  test('a pod that does not answer is in the table too', () => {
    const silent = { ...cluster, members: cluster.members.filter((member) => member.pod !== 'redis-cluster-4') };
    expect(membersTable(silent)).toMatch(/redis-cluster-4 .* silent/);
  });

  test('findings come with what to do, the gravest first', () => {
    const blocks: Finding = { ...finding, code: 'open-slots', weight: 'blocks', text: 'A.', remedy: 'B.' };
    expect(findingsList([finding, blocks]).split('\n')[0]).toBe('✗ open-slots: A. B.');
    expect(findingsList([])).toBe('Nothing is wrong.');
  });

  test('what Kubernetes says cannot break the summary', () => {
    const text = statusMarkdown(cluster, [finding]);
    expect(text).toContain('"x\\|y" &lt;b&gt;.');
    expect(text).toContain('`kubectl describe pod`');
  });
});

/** How an issue begins, which tells one drift from another. */
function headOf(mending: Mending, findings: readonly Finding[], context = CONTEXT): string {
  const { head, body } = driftIssue(mending, findings, context);
  expect(body.startsWith(`${head}\n`)).toBe(true);
  return head;
}

describe('the issue about drift', () => {
  const plan = { kind: 'plan', plan: planOf(topologyOf(4), cluster) } as const;
  const failing = new Failure('cluster-unhealthy', 'Cannot make a safe plan: x.', { remedy: 'Mend x.' });
  const refused = { kind: 'refused', failure: failing, plan: null } as const;

  test('says what was seen and what an apply would do', () => {
    const { title, body } = driftIssue(plan, [finding], CONTEXT);
    expect(title).toBe('Redis Cluster sessions is not as clusters/sessions/topology.yaml declares it');
    expect(body.startsWith(issueMarker(CONTEXT.file))).toBe(true);
    expect(body).toContain('**pod-not-ready**');
    expect(body).toContain('1. Scale the StatefulSet from 6 to 8 pods');
    expect(body).toContain('| Primary | Slots before | Slots after | Change | Replicas |');
  });

  test('is the same text in another run', () => {
    const later = planOf(topologyOf(4), clusterOf({ shards: 3, replicas: 1, keysPerSlot: 63 }));
    const other = { ...CONTEXT, runUrl: 'https://github.com/acme/cache/actions/runs/4712', commit: 'f'.repeat(40) };
    expect(driftIssue({ kind: 'plan', plan: later }, [finding], other)).toEqual(driftIssue(plan, [finding], CONTEXT));
  });

  const others: Finding = { ...finding, pods: ['redis-cluster-5'] };
  const said = { ...finding, text: 'redis-cluster-4 is not ready: Back-off 2m40s restarting failed container.' };

  test.each<[string, string, string]>([
    ['Kubernetes has other words for it', headOf(plan, [finding]), headOf(plan, [said])],
    ['it is seen in another order', headOf(plan, [finding, others]), headOf(plan, [others, finding])],
    [
      'figures of a refusal are others',
      headOf(refused, [finding]),
      headOf({ ...refused, failure: new Failure('cluster-unhealthy', '7 MB.', { remedy: 'x' }) }, [finding]),
    ],
    ['there is something to note', headOf(plan, [finding]), headOf(plan, [finding, { ...others, weight: 'note' }])],
  ])('begins the same where %s', (_, one, other) => {
    expect(other).toBe(one);
  });

  test.each<[string, string]>([
    ['another pod', headOf(plan, [others])],
    ['one pod more', headOf(plan, [finding, others])],
    ['another finding', headOf(plan, [{ ...finding, code: 'replica-not-synced' }])],
    ['other slots', headOf(plan, [{ ...finding, about: '0-99' }])],
    ['a plan that cannot be made', headOf(refused, [finding])],
    ['other steps', headOf({ kind: 'plan', plan: planOf(topologyOf(5), cluster) }, [finding])],
    ['a plan of other steps that is refused', headOf({ ...refused, plan: plan.plan }, [finding])],
    ['another name of the cluster', headOf(plan, [finding], { ...CONTEXT, cluster: 'carts' })],
  ])('begins with something else for %s', (_, head) => {
    expect([headOf(plan, [finding]), headOf(refused, [])]).not.toContain(head);
  });

  test('says why no plan can be made', () => {
    expect(driftIssue(refused, [], CONTEXT).body).toContain('**What to do:** Mend x.');
  });

  test('stays within what GitHub takes, however much is wrong', () => {
    const many = Array.from({ length: 1_000 }, () => ({ ...finding, text: '<'.repeat(10_000) }));
    const deep = { ...CONTEXT, file: `${'deep/'.repeat(100)}topology.yaml` };
    const { title, body } = driftIssue(plan, many, deep);
    expect(body.length).toBeLessThan(65_536);
    expect(title.length).toBeLessThanOrEqual(256);
  });

  test('closes with a word', () => {
    expect(inSyncWords(CONTEXT)).toContain('declares it again');
  });
});
