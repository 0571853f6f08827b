import { expect, test } from '@jest/globals';
import { Failure, type FailureCode } from '../../../src/core/failure.ts';
import { nextAfterRefusal } from '../../../src/report/after-refusal.ts';

const [APPROVED, NOW] = ['0123456789ab', 'ba9876543210'];

function next(code: FailureCode, now: string | null = NOW): string {
  return nextAfterRefusal(new Failure(code, 'Cannot apply.', { remedy: 'Do `this`.' }), APPROVED, now);
}

test.each<FailureCode>([
  'locked',
  'redis-unreachable',
  'pods-not-ready',
  'cluster-unhealthy',
  'not-enough-memory',
  'approval-unreadable',
])('after what passes (%s) the plan stays approved, and the job is to run again', (code) => {
  expect(next(code)).toBe(
    `**Next:** plan \`${APPROVED}\`, which was merged with this pull request, stays approved. When nothing stands in its way any more, run the job again.`,
  );
});

test.each<FailureCode>(['plan-changed', 'plan-not-approved', 'invalid-manifests', 'atomic-unsupported'])(
  'after what does not pass (%s) no job is to run again: what to do is what the refusal says',
  (code) => {
    expect(next(code)).toBe('**Next:** Do `this`.');
  },
);

test('a word in `allow` is none that a job has which runs again: the plan is to be carried out by hand', () => {
  expect(next('not-allowed')).toMatch(/^\*\*Next:\*\* Do `this`\. Then run .* `approved-plan: ba9876543210`: /);
  expect(next('not-allowed', null)).toContain(`approved-plan: ${APPROVED}`);
});
