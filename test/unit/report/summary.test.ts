import { expect, test } from '@jest/globals';
import { summaryOfRun } from '../../../src/report/summary.ts';

const table = (lines: number): string => `| a | b |\n| :-- | :-- |\n${'| ä | 8 |\n'.repeat(lines)}`;

test('of several clusters each is told whole', () => {
  const reports = ['one', 'two'].map((name) => ({ summary: name, report: `### ${name}` }));
  expect(summaryOfRun(reports)).toBe('### one\n\n---\n\n### two');
});

test('what GitHub would not take is left out whole, and said in one line', () => {
  const reports = [50_000, 60_000, 10, 50_000].map((lines, i) => ({
    summary: `cluster-${i}: adds`,
    report: table(lines),
  }));
  const text = summaryOfRun(reports);
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(1024 * 1024);
  const parts = text.split('\n\n---\n\n');
  expect(parts.map((part) => part.split('\n').length > 2)).toEqual([true, false, true, false]);
  expect(parts[0]).toBe(reports[0]?.report);
  expect(parts[1]).toBe('cluster-1: adds *Left out for want of room; of a plan, every step is in `plan-file`.*');
});
