import { describe, expect, test } from '@jest/globals';
import type { ActionEvent } from '../support/run-action.ts';
import { workflowRun } from './support/events.ts';
import { type LocalRepository, type LocalRun, shares, withLocalRepository } from './support/local-repository.ts';

const HEAVY = shares([2, 1, 1]);
const ELSEWHERE = HEAVY.replace('namespace: local', 'namespace: trap');

let repository: LocalRepository;

withLocalRepository((created) => {
  repository = created;
});

function run(event: ActionEvent, topology: string, inputs: Readonly<Record<string, string>> = {}): Promise<LocalRun> {
  return repository.run(event, { topology, inputs });
}

describe('a run that follows one of a branch that is not merged', () => {
  const follows = workflowRun('push', 'change');

  test('is not followed to another cluster', async () => {
    const offline = await run(follows, ELSEWHERE);
    expect(offline).toMatchObject({ red: false, outputs: { result: 'planned', 'plan-hash': '' } });
    expect(offline.summary).toContain('This branch changes where the cluster is');
    expect(repository.reached).toEqual([]);
    expect((await run(follows, HEAVY)).outputs['plan-hash']).not.toBe('');
  });

  test('gets nothing applied, without an approval either', async () => {
    const refused = await run(follows, HEAVY, { command: 'apply', 'require-approved-plan': 'false' });
    expect(refused.outputs).toMatchObject({ 'failure-reason': 'plan-not-approved', changed: 'false' });
    expect(repository.reached).toEqual([]);
  });
});

test('a run that follows one of the default branch applies only what was approved', async () => {
  const refused = await run(workflowRun('push'), HEAVY, { command: 'apply' });
  expect(refused.outputs).toMatchObject({ 'failure-reason': 'plan-not-approved', changed: 'false' });
  const hash = refused.outputs['plan-hash'] ?? '';
  const applied = await run(workflowRun('push'), HEAVY, { command: 'apply', 'approved-plan': hash });
  expect(applied.outputs['result']).toBe('applied');
});
