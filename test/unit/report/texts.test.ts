import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { Failure } from '../../../src/core/failure.ts';
import { placementFindings } from '../../../src/core/placement-findings.ts';
import type { Share, Topology } from '../../../src/core/topology.ts';
import type { Base } from '../../../src/report/declared-change.ts';
import { driftIssue, inSyncWords, type Mending } from '../../../src/report/drift-issue.ts';
import { earlyEndBody } from '../../../src/report/early-end.ts';
import { leftBehindBody, withdrawnBody } from '../../../src/report/left-behind.ts';
import { hiddenPlan } from '../../../src/report/marker.ts';
import { offlineBody } from '../../../src/report/offline.ts';
import { togetherBody } from '../../../src/report/together.ts';
import { CASES } from './comment-cases.ts';
import { CONTEXT, clusterOf, planOf, topologyOf } from './reported.ts';

const before = topologyOf(3);
const elsewhere = { ...before.kubernetes, namespace: 'trap' };
const { file } = CONTEXT;
const settings: Partial<Topology> = {
  name: 'carts',
  kubernetes: { ...before.kubernetes, manifests: 'other/' },
  replicasPerShard: 0,
  tolerance: 0.005,
  placement: { spreadBy: ['kubernetes.io/hostname'], whenUnsatisfiable: 'fail' },
  migration: { method: 'classic', maxLatency: 5 },
};
const grow = planOf(topologyOf(4), clusterOf({ shards: 3, replicas: 1 }));
const there = { pullRequest: 8, url: 'https://github.com/acme/cache/pull/8#issuecomment-1' };

/** Name of the golden file → a text that is no state of a plan. */
const TEXTS: ReadonlyMap<string, string> = new Map([
  ['offline-fork', offline(topologyOf(4))],
  ['offline-shrink', offline(topologyOf(2, { volumes: { onScaleDown: 'delete' } }))],
  ['offline-weights', offline(topologyOf(3, { shards: [{ kind: 'slots', slots: [[0, 99]] }, weight(2), weight(1)] }))],
  ['offline-settings', offline(topologyOf(3, settings))],
  ['offline-same', offline(topologyOf(3))],
  ['offline-elsewhere', offline(topologyOf(3, { kubernetes: elsewhere }))],
  ['offline-destroy', offline(topologyOf(3, { state: 'absent' }))],
  ['offline-new', offline(topologyOf(3), { kind: 'none' })],
  ['offline-base-mistaken', offline(topologyOf(3), { kind: 'mistakes' })],
  [
    'offline-base-unknown',
    offline(topologyOf(3, { volumes: { onScaleDown: 'delete' } }), { kind: 'unknown', why: 'GitHub said 403.' }),
  ],
  ['left-behind', leftBehindBody({ before, to: null, heir: null }, CONTEXT)],
  ['left-behind-absent', leftBehindBody({ before: topologyOf(3, { state: 'absent' }), to: null, heir: null }, CONTEXT)],
  ['left-behind-renamed', leftBehindBody({ before, to: 'clusters/new.yaml', heir: 'fresh' }, CONTEXT)],
  ['left-behind-withdrawn', withdrawnBody({ cluster: 'sessions', file }, null)],
  ['left-behind-withdrawn-mistaken', withdrawnBody({ cluster: null, file }, null)],
  ['left-behind-moved', withdrawnBody({ cluster: 'sessions', file }, 'clusters/new.yaml')],
  ['together-applied', withoutPlan(togetherBody(grow, { kind: 'applied' }, there, CONTEXT))],
  [
    'together-failed',
    withoutPlan(togetherBody(grow, { kind: 'failed', hidden: hiddenPlan(grow, 'planned').line }, there, CONTEXT)),
  ],
  ['drift-issue', issueOf('grow')],
  ['drift-issue-placement', issueOf('placement')],
  ['drift-issue-refused', issueOf('refused-unhealthy')],
  ['drift-issue-closed', inSyncWords(CONTEXT)],
  ['file-with-mistakes', mistaken()],
]);

function offline(after: Topology, base: Base = { kind: 'topology', topology: before }): string {
  return offlineBody(after, base, 'This pull request comes from a fork.', CONTEXT);
}

function weight(n: number): Share {
  return { kind: 'weight', weight: n };
}

/** Base64 of deflated JSON is readable in no golden file. */
function withoutPlan(body: string): string {
  return body.replace(/<!-- plan: \S+ -->$/, '<!-- plan: … -->');
}

/** The issue about a cluster for which this case of a comment is the plan. */
function issueOf(name: string): string {
  const state = CASES.get(name);
  if (state === undefined || state.kind === 'applied') throw new Error(`No case "${name}".`);
  const { plan } = state;
  const findings = plan === null ? [] : placementFindings(plan.topology, plan.before);
  const mending: Mending = state.kind === 'refused' ? state : { kind: 'plan', plan: state.plan };
  const { title, body } = driftIssue(mending, findings, CONTEXT);
  return `${title}\n\n${body}`;
}

function mistaken(): string {
  const details = [
    'a.yaml:5:7 Unknown key "shard". Did you mean "shards"? Seen: shard.',
    'a.yaml:6:1 `state` is not right. Seen: gone. Expected: `present` or `absent`.',
  ];
  const remedy = 'Correct the lines that are marked; docs/topology.md describes every key.';
  return earlyEndBody(
    new Failure('invalid-topology', `The topology has 2 mistakes: ${details[0]}`, { remedy, details }),
  );
}

test.each([...TEXTS])('%s is as in its golden file', (name, text) => {
  const golden = new URL(`golden/${name}.golden.md`, import.meta.url);
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(golden, `${text}\n`);
  expect(existsSync(golden) ? readFileSync(golden, 'utf8') : 'There is no such file.').toBe(`${text}\n`);
});
