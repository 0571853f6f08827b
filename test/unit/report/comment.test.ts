import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { Failure } from '../../../src/core/failure.ts';
import { steps } from '../../../src/plan/plan.ts';
import { fitting } from '../../../src/report/budget.ts';
import { type CommentState, commentBody, sectionsOf, summaryBody } from '../../../src/report/comment.ts';
import { readPosted } from '../../../src/report/marker.ts';
import { planJson } from '../../../src/report/plan-json.ts';
import { CASES } from './comment-cases.ts';
import { CONTEXT, clusterOf, planned, planOf, topologyOf } from './reported.ts';

const APPROVAL = readFileSync(new URL('../../../docs/approval.md', import.meta.url), 'utf8');

/** Base64 of deflated JSON: readable in no golden file, and tested by itself. */
const withoutPlan = (body: string): string => body.replaceAll(/^<!-- (plan|refused): \S+ -->$/gm, '<!-- $1: … -->');

describe('the comment is as in its golden file', () => {
  test.each([...CASES.keys()])('%s', (name) => {
    const state = CASES.get(name);
    if (state === undefined) throw new Error(`No case "${name}".`);
    const text = `${withoutPlan(commentBody(state, CONTEXT))}\n`;
    const golden = new URL(`golden/${name}.golden.md`, import.meta.url);
    if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(golden, text);
    expect(existsSync(golden) ? readFileSync(golden, 'utf8') : 'There is no such file.').toBe(text);
  });
});

describe('every comment', () => {
  test.each([...CASES])('%s: fits, begins with its marker and carries its plan', (_, state) => {
    const body = commentBody(state, CONTEXT);
    expect(body.length).toBeLessThanOrEqual(60_000);
    expect(body.startsWith('<!-- redis-cluster-topology: plan of clusters/sessions/topology.yaml -->\n')).toBe(true);
    const posted = readPosted(body);
    if (state.kind === 'refused') {
      expect(posted?.hash).toBe(state.approved?.hash);
    } else {
      expect(posted?.hash).toBe(state.plan.hash);
      expect(posted?.steps).toEqual(steps(state.plan));
    }
  });

  test('of a plan that was refused approves nothing by itself', () => {
    const { plan, estimate } = planned(planOf(topologyOf(4), clusterOf({ shards: 3, replicas: 1 })));
    const failure = new Failure('locked', 'Another apply is at work.', { remedy: 'Run again.' });
    expect(readPosted(commentBody({ kind: 'refused', failure, plan, estimate }, CONTEXT))).toBeNull();
  });

  test.each([...CASES])('%s: its tables have as many cells in each row', (_, state) => {
    const rows = summaryBody(state, CONTEXT).split('\n');
    for (const [i, row] of rows.entries()) {
      const previous = rows[i - 1] ?? '';
      if (row.startsWith('|') && previous.startsWith('|')) expect(cellsOf(row)).toBe(cellsOf(previous));
    }
  });
});

describe('a plan that needs a word in `allow`', () => {
  const plan = planOf(topologyOf(3, { volumes: { onScaleDown: 'delete' } }), clusterOf({ shards: 4, replicas: 1 }));

  test.each([
    [
      'has not',
      ['delete-volumes'],
      /has this\*\* \(the step of this plan does not\):\n> ```yaml\n> with:\n> {3}allow: delete-volumes\n/,
    ],
    ['has', [], /has\*\* `allow: delete-volumes`, as the step of this plan has\./],
  ] as const)('says that the step that applies needs it, whether that of the plan %s it', (_, missing, words) => {
    const body = commentBody({ ...planned(plan), missing }, CONTEXT);
    expect(body).toMatch(words);
    expect(body).toContain(
      '**Next:** merge, if this is what you want and the step that applies has `allow: delete-volumes`.',
    );
  });
});

test('a comment that is too long says what it leaves out, and the summary has it', () => {
  const state = planned(planOf(topologyOf(460), clusterOf({ shards: 400, replicas: 1, keysPerSlot: 9_000 })));
  const comment = commentBody(state, CONTEXT);
  const summary = summaryBody(state, CONTEXT);
  expect(comment).toContain('Left out for want of room: the other shards, the placement, the steps.');
  expect(comment).toContain('**Adds 60 shards:');
  expect(comment).toMatch(
    /All of it is in the \[summary of the run\]\(\S+\)\. The output `plan-file` has the totals, the dangers/,
  );
  expect(summary).not.toContain('Left out');
  expect(summary).toContain('Join redis-cluster-800 to the cluster');
});

test('what a comment says of `plan-file` is what stands there', () => {
  const { plan, estimate } = planned(planOf(topologyOf(4), clusterOf({ shards: 3, replicas: 1 })));
  const file: unknown = JSON.parse(planJson(plan, estimate));
  expect(file).toMatchObject({ summary: estimate.summary, steps: steps(plan) });
  expect(file).toHaveProperty('dangers');
  for (const table of ['shards', 'placement', 'pods']) expect(file).not.toHaveProperty(table);
});

test('while an apply goes on nobody is sent to a summary that is not there yet', () => {
  const { plan, estimate } = planned(
    planOf(topologyOf(460), clusterOf({ shards: 400, replicas: 1, keysPerSlot: 9_000 })),
  );
  const comment = commentBody({ kind: 'applying', plan, estimate, progress: [] }, CONTEXT);
  expect(comment).toMatch(
    /Left out .* The \[run\]\(\S+\) tells it: how it goes in its log, the rest in its summary when/,
  );
});

describe('what a comment leaves out', () => {
  const room = { isComment: true, isWhole: true, items: 8, text: 300 };
  const many = planned(planOf(topologyOf(30), clusterOf({ shards: 26, replicas: 1 })));
  const refusal = CASES.get('refused-changed');
  if (refusal?.kind !== 'refused') throw new Error('There is no such case.');
  const { plan, estimate } = many;
  /** Between them they have every section. */
  const states: readonly CommentState[] = [
    { ...refusal, plan, estimate },
    { kind: 'applying', plan, estimate, progress: ['✓ 1. Scale'] },
  ];
  const optional = states
    .flatMap((state) => sectionsOf(state, CONTEXT, room))
    .filter(({ drop, lines }) => drop !== null && lines.length > 0);
  const byDrop = new Map(optional.map(({ drop, name }) => [drop ?? 0, name]));
  const order = [...byDrop].toSorted(([a], [b]) => a - b).map(([, name]) => name);

  test('is what the docs say, in that order', () => {
    const list = APPROVAL.split('## What a long comment leaves out')[1]?.split('\n## ')[0] ?? '';
    expect(Array.from(list.matchAll(/^\d+\. (.+?)(?::|$)/gm), ([, name]) => name)).toEqual(order);
    expect(order).toHaveLength(7);
  });

  test.each(states)('goes one after the other, and each is named: $kind', (state) => {
    const sections = sectionsOf(state, CONTEXT, room);
    const names = order.filter((name) => sections.some((one) => one.name === name && one.lines.length > 0));
    let most = fitting(sections, { most: Number.POSITIVE_INFINITY, sizeOf: lengthOf, elsewhere: '' }).length;
    for (let gone = 1; gone <= names.length; gone += 1) {
      const text = fitting(sections, { most: most - 1, sizeOf: lengthOf, elsewhere: '' });
      expect(text).toContain(`Left out for want of room: ${names.slice(0, gone).join(', ')}.`);
      most = text.length;
    }
  });
});

function lengthOf(text: string): number {
  return text.length;
}

function cellsOf(row: string): number {
  return row.replaceAll('\\|', '').split('|').length;
}
