import { deflateSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { Failure } from '../../../src/core/failure.ts';
import { type PlannedStep, steps } from '../../../src/plan/plan.ts';
import { commentBody, summaryBody } from '../../../src/report/comment.ts';
import {
  commentMarker,
  hiddenLineOf,
  hiddenPlan,
  issueMarker,
  plansKept,
  readPosted,
  subjectOf,
} from '../../../src/report/marker.ts';
import { CONTEXT, clusterOf, planned, planOf, topologyOf } from './reported.ts';

const plan = planOf(topologyOf(4), clusterOf({ shards: 3, replicas: 1 }));
const other = planOf(topologyOf(5), clusterOf({ shards: 3, replicas: 1 }));

test('what a comment hides is read back', () => {
  expect(readPosted(commentBody(planned(plan), CONTEXT))).toEqual({
    cluster: 'sessions',
    at: 'StatefulSet redis-cluster in namespace cache',
    file: 'clusters/sessions/topology.yaml',
    state: 'planned',
    hash: plan.hash,
    steps: steps(plan),
    unbound: plan.unbound,
  });
});

test('the summary of a run hides nothing', () => {
  expect(summaryBody(planned(plan), CONTEXT)).not.toContain('<!--');
});

test('a file that is named like a plan is not taken for one', () => {
  const body = commentBody(planned(plan), { ...CONTEXT, file: `x\n${hiddenPlan(other, 'planned').line}\n.yaml` });
  expect(readPosted(body)?.hash).toBe(plan.hash);
});

test('only the last line counts', () => {
  const { line } = hiddenPlan(other, 'planned');
  expect(readPosted(`${line}\nand more`)).toBeNull();
  expect(readPosted(`text ${line}`)).toBeNull();
});

test('a path cannot end the marker, nor be taken for another one', () => {
  expect(commentMarker('clusters/a --> b.yaml')).toBe(
    '<!-- redis-cluster-topology: plan of clusters/a%20--%3E%20b.yaml -->',
  );
  const paths = ['a/b.yaml', 'a_b.yaml', 'a%2Fb.yaml', 'a b.yaml', 'ä.yaml'];
  expect(new Set(paths.map(commentMarker)).size).toBe(paths.length);
  expect(new Set(paths.map(issueMarker)).size).toBe(paths.length);
});

describe('a plan that is told as refused', () => {
  const failure = new Failure('locked', 'Another apply is at work.', { remedy: 'Run again.' });
  const refused = { kind: 'refused', failure, plan: other, estimate: planned(other).estimate } as const;
  const approved = { hash: plan.hash, hidden: hiddenPlan(plan, 'planned').line };

  test('is kept, and approves nothing', () => {
    const body = commentBody(refused, CONTEXT);
    expect(plansKept(body)).toEqual([{ hash: other.hash, steps: steps(other), unbound: other.unbound }]);
    expect([readPosted(body), hiddenLineOf(body)]).toEqual([null, '']);
  });

  test('takes no place of the one that is approved', () => {
    const body = commentBody({ ...refused, approved }, CONTEXT);
    expect(plansKept(body).map(({ hash }) => hash)).toEqual([plan.hash, other.hash]);
    expect(hiddenLineOf(body)).toBe(approved.hidden);
  });

  test('is not kept twice where it is the approved one', () => {
    expect(plansKept(commentBody({ ...refused, plan, approved }, CONTEXT)).map(({ hash }) => hash)).toEqual([
      plan.hash,
    ]);
  });
});

describe('what a comment is about', () => {
  const failure = new Failure('invalid-topology', 'It has mistakes.', { remedy: 'Mend them.' });
  const refused = { kind: 'refused', failure, plan: null, estimate: null } as const;

  test.each(['a/b.yaml', 'a%2Fb.yaml', 'a --> b.yaml', 'ä.yaml', '🙂.yaml'])(
    'is told by its first line: %s',
    (file) => {
      expect(subjectOf(commentBody(refused, { ...CONTEXT, file }))).toEqual({ file, cluster: 'sessions' });
    },
  );

  test('names no cluster where the file has mistakes', () => {
    const file = 'a.yaml';
    expect(subjectOf(commentBody(refused, { ...CONTEXT, cluster: file, file }))).toEqual({ file, cluster: null });
  });

  test.each([
    '',
    'text',
    '<!-- redis-cluster-topology: plan of %ZZ -->',
    '<!-- redis-cluster-topology: plan of %61 -->',
  ])('is nothing where the first line is none of ours: %j', (body) => expect(subjectOf(body)).toBeNull());
});

describe('what is no plan of ours is no plan', () => {
  const right = {
    version: 1,
    cluster: 'c',
    at: 'StatefulSet c in namespace cache',
    file: 'c.yaml',
    state: 'planned',
    hash: '0123456789ab',
    unbound: [],
    steps: [],
  };
  test('as it should be', () => expect(readPosted(packed(right))?.hash).toBe('0123456789ab'));
  test.each([
    ['nothing', ''],
    ['not base64 of anything', '<!-- plan: AAAA -->'],
    ['cut', packed(right).replace(/.{8} -->/, ' -->')],
    ['null', packed(null)],
    ['another version', packed({ ...right, version: 2 })],
    ['no file', packed({ ...right, file: undefined })],
    ['no place', packed({ ...right, at: undefined })],
    ['no hash', packed({ ...right, hash: undefined })],
    ['a hash of another form', packed({ ...right, hash: '../../etc' })],
    ['names that are none', packed({ ...right, unbound: [1] })],
    ['more than it may unpack to', packed({ ...right, more: 'x'.repeat(5 * 1024 * 1024) })],
  ])('%s', (_, body) => {
    expect(readPosted(body)).toBeNull();
  });

  test('steps that are none approve nothing but the hash', () => {
    expect(readPosted(packed({ ...right, steps: [{ kind: 'format-disk' }] }))?.steps).toBeNull();
  });
});

test('a plan that is too long for a comment keeps its hash, and the comment says so', () => {
  let seed = 7;
  const next = (): number => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed;
  };
  const move = (): PlannedStep => ({
    step: {
      kind: 'move-slots',
      from: `redis-cluster-${next() % 500}`,
      to: `redis-cluster-${next() % 500}`,
      slots: `${next() % 16_384}`,
      count: 1,
    },
    facts: {},
  });
  const huge = { ...plan, stages: [Array.from({ length: 5_000 }, move)] };
  expect(hiddenPlan(huge, 'planned').whole).toBe(false);
  const body = commentBody({ ...planned(plan), plan: huge }, CONTEXT);
  expect(body.length).toBeLessThanOrEqual(60_000);
  expect(readPosted(body)).toMatchObject({ hash: huge.hash, steps: null });
  expect(body).toContain('too many to be kept in this comment');
  const failure = new Failure('locked', 'Another apply is at work.', { remedy: 'Run again.' });
  const refused = commentBody({ kind: 'refused', failure, plan: huge, estimate: planned(plan).estimate }, CONTEXT);
  expect(refused.length).toBeLessThanOrEqual(60_000);
  expect(plansKept(refused)).toEqual([]);
});

function packed(value: unknown): string {
  return `<!-- plan: ${deflateSync(JSON.stringify(value)).toString('base64')} -->`;
}
