import type { Counted } from '../../../src/plan/estimate.ts';
import { makePlan } from '../../../src/plan/make-plan.ts';
import type { Plan } from '../../../src/plan/plan.ts';
import { type Case, readCases } from './case-file.ts';

const cases = readCases(new URL('cases/', import.meta.url));

/** The golden case of this name, with spaces for hyphens. */
export function caseOf(name: string): Case {
  const found = cases.find((one) => one.name === name);
  if (found === undefined) throw new Error(`There is no case "${name}".`);
  return found;
}

/** Its plan. */
export function planFor(name: string): Plan {
  const { topology, cluster } = caseOf(name);
  const planned = makePlan(topology, cluster);
  if (planned.kind === 'refused') throw planned.failure;
  return planned.plan;
}

/** Slots from 0 on that hold so many keys each. */
export function countedOf(keys: readonly number[]): Counted {
  return { keys: new Map(keys.map((n, slot) => [slot, n])), share: null };
}
