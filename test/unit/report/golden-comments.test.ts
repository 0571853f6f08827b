import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { Failure } from '../../../src/core/failure.ts';
import { missingAllow } from '../../../src/plan/dangers.ts';
import { type CommentState, commentBody, summaryBody } from '../../../src/report/comment.ts';
import { stageTitle } from '../../../src/report/log.ts';
import { commentMarker, readPosted } from '../../../src/report/marker.ts';
import { CONTEXT, largeCluster, type Priced, planOf, refusalOf, type Situation, situation } from './situations.ts';

/** Name of the golden file → what the comment tells. `UPDATE_GOLDEN=1 npm run unit -- golden-comments` writes them anew. */
const STATES: readonly (readonly [string, CommentState])[] = [
  ['create', planned('create from nothing')],
  ['grow', planned('grow in three zones')],
  ['grow-while-an-apply-is-at-work', { ...planned('grow in three zones'), underWay: `${CONTEXT.runUrl}5` }],
  ['grow-shards-and-replicas', planned('grow shards and replicas')],
  ['shrink', planned('shrink four to three')],
  ['shrink-not-allowed', planned('shrink and delete volumes')],
  ['replicas', planned('replicas one to two')],
  ['rebalance', planned('rebalance')],
  ['placement', planned('placement swap')],
  ['repair', planned(openSlots())],
  ['cleanup-not-allowed', planned('cleanup')],
  ['destroy-not-allowed', planned('destroy')],
  ['nothing-to-do', planned('nothing to do')],
  ['nothing-left-to-destroy', planned('destroyed')],
  ['refused-unhealthy', refused('findings that block')],
  ['refused-placement', refused('placement cannot be kept')],
  ['refused-not-enough-memory', refused('too little memory for what is left')],
  ['refused-not-allowed', { kind: 'refused', failure: notAllowed(), ...planOf(situation('shrink and delete volumes')) }],
  ['could-not-look', { kind: 'refused', failure: unreachable(), plan: null, estimate: null }],
  ['applying', applying()],
  ['applied', { kind: 'applied', ...planOf(situation('grow in three zones')), seconds: 72.4 }],
  ['failed-midway', failedMidway()],
  ['200-shards', planned(largeCluster(200, 220))],
];

describe('the comment', () => {
  test.each(STATES)('that tells "%s" is the golden one', (name, state) => {
    const body = commentBody(state, CONTEXT);
    const golden = new URL(`golden/${name}.md`, import.meta.url);
    if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(golden, `${legible(body)}\n`);
    else expect(`${legible(body)}\n`).toBe(readFileSync(golden, 'utf8'));
  });

  test.each(STATES)('that tells "%s" begins with the marker, fits, and carries its plan', (_, state) => {
    const body = commentBody(state, CONTEXT);
    expect(body.split('\n')[0]).toBe(commentMarker(CONTEXT.cluster));
    expect(body.length).toBeLessThanOrEqual(60_000);
    expect(readPosted(body)?.hash ?? null).toBe(state.plan?.hash ?? null);
  });

  test.each(STATES)('that tells "%s" stands in the summary without what is hidden', (_, state) => {
    expect(summaryBody(state, CONTEXT)).not.toContain('<!--');
  });
});

/** The hidden plan is compressed, which may differ from one zlib to the next; its content has tests of its own. */
function legible(body: string): string {
  return body.replace(/<!-- plan: [A-Za-z0-9+/=]+ -->/, '<!-- plan: … -->');
}

function priced(from: string | Situation): Priced {
  return planOf(typeof from === 'string' ? situation(from) : from);
}

function planned(from: string | Situation): Extract<CommentState, { kind: 'planned' }> {
  const { plan, estimate } = priced(from);
  return { kind: 'planned', plan, estimate, missing: missingAllow(plan, []), underWay: null };
}

function refused(name: string): CommentState {
  return { kind: 'refused', failure: refusalOf(situation(name)), plan: null, estimate: null };
}

function openSlots(): Situation {
  const { topology, cluster } = situation('nothing to do');
  const [first, second] = cluster.members;
  if (first === undefined || second === undefined) throw new Error('The case has members.');
  const giving = { ...first, open: [{ slot: 7, state: 'migrating', peer: second.pod } as const] };
  const taking = { ...second, open: [{ slot: 7, state: 'importing', peer: first.pod } as const] };
  return { topology, cluster: { ...cluster, members: [giving, taking, ...cluster.members.slice(2)] } };
}

function applying(): CommentState {
  const { plan, estimate } = priced('grow in three zones');
  const titles = plan.stages.map((stage, i) => stageTitle(i + 1, stage));
  const progress = [
    ...titles.slice(0, 4).map((title) => `✓ ${title}`),
    `… ${titles[4] ?? ''}`,
    '   redis-cluster-0 → redis-cluster-6: 812 of 1,365 slots, 49,532 of 83,265 keys, 98k keys/s, under 1 s left',
  ];
  return { kind: 'applying', plan, estimate, progress };
}

function failedMidway(): CommentState {
  const { plan, estimate } = priced('grow in three zones');
  const failure = new Failure(
    'migration-failed',
    'Moving slots 0-1364 from redis-cluster-0 to redis-cluster-6 stopped: redis-cluster-6 answered "OOM command not allowed when used memory > \'maxmemory\'". 812 of 1,365 slots have moved, every slot has an owner that holds its keys.',
    { remedy: 'Raise `maxmemory` of redis-cluster-6 and run the job again.', details: ['Slot 812 was being moved.'] },
  );
  return { kind: 'failed', plan, estimate, failure, done: plan.stages.slice(0, 4).map((s, i) => stageTitle(i + 1, s)) };
}

function notAllowed(): Failure {
  return new Failure(
    'not-allowed',
    'Refused: the plan needs `delete-volumes` in the input `allow`, and the run does not have it.',
    {
      remedy: 'Add `allow: delete-volumes` to the workflow step if that is what you want.',
      details: ['Deletes 2 volumes: data-redis-cluster-6, data-redis-cluster-7.'],
    },
  );
}

function unreachable(): Failure {
  return new Failure(
    'kubernetes-unreachable',
    'Cannot reach the Kubernetes API server: connect ECONNREFUSED 10.0.0.1:6443.',
    { remedy: 'See that the runner can reach the API server and that the input `kubeconfig` is the right one.' },
  );
}
