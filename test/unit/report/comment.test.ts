import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
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
    expect(body.startsWith('<!-- redis-cluster-topology: plan of sessions -->\n')).toBe(true);
    const posted = readPosted(body);
    expect(posted?.hash).toBe(state.plan?.hash);
    expect(posted?.steps ?? null).toEqual(state.plan === null ? null : steps(state.plan));
  });

  test.each([...CASES])('%s: its tables have as many cells in each row', (_, state) => {
    const rows = summaryBody(state, CONTEXT).split('\n');
    for (const [i, row] of rows.entries()) {
      const previous = rows[i - 1] ?? '';
      if (row.startsWith('|') && previous.startsWith('|')) expect(cellsOf(row)).toBe(cellsOf(previous));
    }
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
