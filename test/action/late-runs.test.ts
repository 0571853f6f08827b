import { beforeEach, describe, expect, test } from '@jest/globals';
import { hiddenLineOf } from '../../src/report/marker.ts';
import { again, commit, pullRequest, push } from './support/events.ts';
import {
  EVEN,
  type LocalRepository,
  type LocalRun,
  type Step,
  shares,
  withLocalRepository,
} from './support/local-repository.ts';
import { refusal } from './support/merges.ts';

const HEAVY = shares([2, 1, 1]);
const HEAVIER = shares([4, 1, 1]);

let repository: LocalRepository;

withLocalRepository((created) => {
  repository = created;
});

/** A pull request that was planned and merged. */
beforeEach(async () => {
  await repository.run(pullRequest(7), { topology: HEAVY });
  repository.merge(7, [commit(1)]);
});

/** The run of the merge. */
function late(event = push([commit(1)]), branchHas?: Step['branchHas']): Promise<LocalRun> {
  return repository.run(event, { topology: HEAVY, ...(branchHas === undefined ? {} : { branchHas }) });
}

describe('a run that is started again', () => {
  test('goes on as approved while the branch still wants the same', async () => {
    expect((await late(again(push([commit(1)])))).outputs['result']).toBe('applied');
  });

  test.each([
    ['wants something else', HEAVIER],
    ['has a file with mistakes', 'version: 2'],
    ['has no such file', null],
  ])('changes nothing when the branch %s by now', async (_, branchHas) => {
    const { reason, told } = refusal(await late(again(push([commit(1)])), branchHas));
    expect(reason).toBe('plan-not-approved');
    expect(told).toContain('this run was started again (attempt 2), and main has another topology.yaml by now');
  });

  test('changes nothing when GitHub does not tell what the branch wants', async () => {
    repository.github.faults.push({ on: /contents/, status: 401, message: 'Bad credentials' });
    const { reason, told } = refusal(await late(again(push([commit(1)]))));
    expect(reason).toBe('approval-unreadable');
    expect(told).toContain('"Bad credentials"');
  });
});

describe('a run that has waited, for people or for its turn', () => {
  test('does not bring back what was taken back meanwhile, as the cluster still is', async () => {
    const { reason, told } = refusal(await late(push([commit(1)]), EVEN));
    expect(reason).toBe('plan-not-approved');
    expect(told).toContain('main has another topology.yaml by now, and the cluster is as that one declares it');
  });

  test('is applied, with a warning, when GitHub does not tell what the branch wants', async () => {
    repository.github.faults.push({ on: /contents/, status: 403, message: 'Resource not accessible by integration' });
    const applied = await late();
    expect(applied.outputs['result']).toBe('applied');
    expect(applied.warnings).toEqual([expect.stringContaining('Whether main has gone on cannot be told.')]);
  });

  test('is applied where the branch has gone on from it', async () => {
    expect((await late(push([commit(1)]), HEAVIER)).outputs['result']).toBe('applied');
  });
});

test('a plan that was refused stays approved, however often that was', async () => {
  const approved = hiddenLineOf(repository.comment(7));
  await repository.make(HEAVIER);
  for (let times = 0; times < 2; times += 1) {
    expect(refusal(await late()).reason).toBe('plan-changed');
    expect(repository.comment(7)).toContain('❌');
    expect(hiddenLineOf(repository.comment(7))).toBe(approved);
  }
});
