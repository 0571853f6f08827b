import { beforeEach, describe, expect, test } from '@jest/globals';
import { again, commit, pullRequest, push } from './support/events.ts';
import {
  EVEN,
  type LocalRepository,
  type LocalRun,
  type Step,
  shares,
  withLocalRepository,
} from './support/local-repository.ts';

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

/** Why it was refused, and what it tells. */
function refusal({ outputs, log }: LocalRun): { reason: string; told: string } {
  return { reason: outputs['failure-reason'] ?? '', told: log.join('\n') };
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
  test.each([
    ['was taken back meanwhile, as the cluster still is', EVEN, 'and the cluster is as that one declares it'],
    ['no file says any more', null, 'main has no topology.yaml by now, or one with mistakes'],
    ['is in a file with mistakes by now', 'version: 2', 'main has no topology.yaml by now, or one with mistakes'],
  ])('does not bring back what %s', async (_, branchHas, why) => {
    const { reason, told } = refusal(await late(push([commit(1)]), branchHas));
    expect(reason).toBe('plan-not-approved');
    expect(told).toContain(why);
  });

  test('is applied where the branch has gone on from it', async () => {
    expect((await late(push([commit(1)]), HEAVIER)).outputs['result']).toBe('applied');
  });
});
