import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { AREAS } from '../support/compatibility.ts';
import { cellsOf, rowsOfPage } from '../support/compatibility-page.ts';

const ROOT = join(import.meta.dirname, '../..');
const PAGE = rowsOfPage(readFileSync(join(ROOT, 'docs/compatibility.md'), 'utf8'));
const ROWS = AREAS.flatMap(([, rows]) => rows);

describe.each(ROWS.map((row) => [row.what, row] as const))('docs/compatibility.md: %s', (_what, row) => {
  test('names a test that exists', () => {
    const path = join(ROOT, row.file);
    expect(existsSync(path)).toBe(true);
    const text = readFileSync(path, 'utf8');
    expect([text.includes(row.title), text.includes(row.cases ?? '')]).toEqual([true, true]);
  });

  test('has its line, on which something was recorded', () => {
    const [what, end, , file] = cellsOf(row, '');
    const recorded = PAGE.filter((cells) => cells[0] === what && cells[1] === end && cells[3] === file);
    expect(recorded.map(([, , seen]) => seen)).toEqual([expect.not.stringMatching(/^(not yet)?$/)]);
  });
});

test('docs/compatibility.md has no line of its own', () => {
  expect(PAGE).toHaveLength(ROWS.length);
});
