import { describe, expect, test } from '@jest/globals';
import { rest } from '../../../src/commands/decision.ts';
import { steps } from '../../../src/plan/plan.ts';
import type { Step } from '../../../src/steps/index.ts';
import { caseOf, planFor } from '../plan/named-case.ts';

function restIn(name: string, approved: readonly Step[]) {
  const { topology, cluster } = caseOf(name);
  return rest(topology, cluster, { hash: '0123456789ab', steps: approved, unbound: [] });
}

describe('what is left of an approved plan', () => {
  test('is nothing where all is done and nothing else is to be done', () => {
    const approved = steps(planFor('grow three to four'));
    const { topology } = caseOf('grow three to four');
    const done = rest(topology, planFor('grow three to four').after, { hash: '', steps: approved, unbound: [] });
    expect(done?.stages).toEqual([]);
  });

  test('is no plan to go by where all is done and pods have come to stand badly since', () => {
    const { pods } = caseOf('placement swap').cluster;
    const scaled: Step = { kind: 'scale', from: pods.length - 2, to: pods.length };
    expect(steps(planFor('placement swap'))).not.toEqual([]);
    expect(restIn('placement swap', [scaled])).toBeNull();
  });
});
