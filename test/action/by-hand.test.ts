import { describe, expect, test } from '@jest/globals';
import { Failure } from '../../src/core/failure.ts';
import type { ActionEvent } from '../support/run-action.ts';
import { commit, pullRequest, push } from './support/events.ts';
import { type LocalRepository, type LocalRun, withLocalRepository } from './support/local-repository.ts';
import { HEAVIER, HEAVY, LIGHT, refusal, resultOf } from './support/merges.ts';

let repository: LocalRepository;

withLocalRepository((created) => {
  repository = created;
});

function run(event: ActionEvent, topology: string, inputs: Readonly<Record<string, string>> = {}): Promise<LocalRun> {
  return repository.run(event, { topology, inputs });
}

function stopAtTheFirstMove(line: string): void {
  if (line.startsWith('Slots go from')) throw new Failure('stopped', 'Told to end.', { remedy: 'Run again.' });
}

describe('a run by hand', () => {
  const byHand: ActionEvent = { name: 'workflow_dispatch' };

  test('with the hash of a refused push applies just that plan', async () => {
    const refused = await run(push([commit(1)]), HEAVY);
    const hash = refused.outputs['plan-hash'] ?? '';
    const applied = await run(byHand, HEAVY, {
      command: 'apply',
      'require-approved-plan': 'true',
      'approved-plan': hash,
    });
    expect(resultOf(applied)).toBe('applied');
  });

  test('goes on with the plan of this hash after a run that was stopped, and then with no other', async () => {
    const { outputs } = await run(byHand, HEAVY, { command: 'plan' });
    const inputs = { command: 'apply', 'approved-plan': outputs['plan-hash'] ?? '' };
    const stopped = await repository.run(byHand, { topology: HEAVY, inputs, onLine: stopAtTheFirstMove });
    expect(stopped.outputs).toMatchObject({ 'failure-reason': 'stopped', changed: 'true' });
    const other = { ...inputs, 'approved-plan': '0123456789ab' };
    expect(refusal(await run(byHand, HEAVY, other)).reason).toBe('plan-changed');
    expect(resultOf(await run(byHand, HEAVY, inputs))).toBe('applied');
  });

  test.each([{ 'require-approved-plan': 'true' }, { 'require-approved-plan': 'false' }, {}])(
    'with the hash of another plan is refused (%j)',
    async (inputs) => {
      const refused = await run(byHand, HEAVY, { command: 'apply', 'approved-plan': '0123456789ab', ...inputs });
      expect(refusal(refused)).toMatchObject({ reason: 'plan-changed', told: expect.stringContaining('0123456789ab') });
    },
  );

  test.each([
    ['applied', HEAVY],
    ['refused', HEAVIER],
  ])('with the hash of a plan that the comment shows as %s says what differs from it by now', async (_, topology) => {
    await run(pullRequest(7), HEAVY);
    repository.merge(7, [commit(1)]);
    const hash = (await run(push([commit(1)]), topology)).outputs['plan-hash'] ?? '';
    await repository.make(LIGHT);
    const inputs = { command: 'apply', 'approved-plan': hash };
    const refused = await run({ ...byHand, commit: commit(1) }, topology, inputs);
    const { reason, told } = refusal(refused);
    expect(reason).toBe('plan-changed');
    expect(told).toMatch(/#7: .*approved/);
    expect(refused.summary).toContain(`plan \`${hash}\` was shown in \`#7\`, now it is plan`);
    expect(refused.summary).toMatch(/\n```diff\n(.*\n)*[-+] Move .* slots .*\n(.*\n)*```\n/);
  });

  test('with a hash that no comment shows says that what differs is not known', async () => {
    const { told } = refusal(await run(byHand, HEAVY, { command: 'apply', 'approved-plan': '0123456789ab' }));
    expect(told).toContain('No comment on the pull requests of this commit shows plan 0123456789ab');
  });

  test('without a hash is refused where one is asked for', async () => {
    const { reason, told } = refusal(await run(byHand, HEAVY, { command: 'apply', 'require-approved-plan': 'true' }));
    expect(reason).toBe('plan-not-approved');
    expect(told).toContain('this run (workflow_dispatch) belongs to no merged pull request');
  });
});
