import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { Failure } from '../../../src/core/failure.ts';
import { steps } from '../../../src/plan/plan.ts';
import { commentBody, summaryBody } from '../../../src/report/comment.ts';
import { readPosted } from '../../../src/report/marker.ts';
import { CASES } from './comment-cases.ts';
import { CONTEXT, clusterOf, planned, planOf, topologyOf } from './reported.ts';

/** Base64 of deflated JSON: readable in no golden file, and tested by itself. */
const withoutPlan = (body: string): string => body.replace(/<!-- plan: \S+ -->$/, '<!-- plan: … -->');

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
  expect(comment).toContain('Left out for want of room: the placement');
  expect(comment).toContain('**Adds 60 shards:');
  expect(summary).not.toContain('Left out');
  expect(summary).toContain('Join redis-cluster-800 to the cluster');
});

function cellsOf(row: string): number {
  return row.replaceAll('\\|', '').split('|').length;
}
