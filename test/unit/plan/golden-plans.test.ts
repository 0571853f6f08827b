import { writeFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { makePlan } from '../../../src/plan/make-plan.ts';
import { printPlanned, readCases } from './case-file.ts';

const cases = readCases(new URL('cases/', import.meta.url));

describe('the plan for', () => {
  test.each(cases)('$name', ({ path, given, expected, topology, cluster }) => {
    const printed = printPlanned(makePlan(topology, cluster));
    if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(path, `${given}${printed}`);
    else expect(printed).toBe(expected);
  });
});
