import type { Failure, FailureCode } from '../core/failure.ts';
import { code, cut, prose } from './escape.ts';

/**
 * What stays in the way however often the job runs again: that takes the files and the workflow as they were at its commit, and
 * a plan that is another one by now, or was outrun or taken back, does not come back.
 */
const LASTING: readonly FailureCode[] = [
  'invalid-input',
  'invalid-topology',
  'invalid-manifests',
  'topology-not-found',
  'untrusted-pull-request',
  'atomic-unsupported',
  'plan-not-approved',
  'plan-changed',
];

/**
 * What to do next in a merged pull request whose plan was not carried out.
 * @param approved the hash of that plan
 * @param now the hash of the plan of the run that was refused; null where none could be made
 */
export function nextAfterRefusal(failure: Failure, approved: string, now: string | null): string {
  const remedy = prose(cut(failure.remedy, 900));
  if (failure.code === 'not-allowed') {
    const byHand = code(`approved-plan: ${now ?? approved}`);
    return `**Next:** ${remedy} Then run the workflow by hand with ${byHand}: run again, this job has the step as it was.`;
  }
  if (LASTING.includes(failure.code)) return `**Next:** ${remedy}`;
  return `**Next:** plan ${code(approved)}, which was merged with this pull request, stays approved. When nothing stands in its way any more, run the job again.`;
}
