import { Failure } from '../core/failure.ts';
import type { Finding } from '../core/findings.ts';
import type { Plan } from '../plan/plan.ts';
import { KINDS } from '../steps/index.ts';
import { failureAlert, type Limits } from './alerts.ts';
import { cell, code } from './escape.ts';
import type { CommentContext } from './footer.ts';
import { issueMarker } from './marker.ts';
import { findingItems } from './members.ts';
import { changesRoles, changesSlots, shardTable } from './shards.ts';

const MOST_STEPS = 50;

/** Within the 65,536 characters of GitHub, whatever the texts hold. */
const SHOWN: Limits = { items: 12, text: 300 };

/**
 * The issue about drift. It speaks of nothing that changes while the drift stays, no run, time or number of keys, so that
 * the same drift is the same text and nobody is told of it twice.
 */
export function driftIssue(
  difference: Plan | Failure,
  findings: readonly Finding[],
  context: CommentContext,
): { title: string; body: string } {
  const differing = findings.filter((finding) => finding.weight !== 'note');
  const body = [
    issueMarker(context.file),
    `The Redis Cluster ${code(context.cluster)} is not as ${code(context.file)} declares it.`,
    '',
    ...(differing.length === 0 ? [] : ['### What was seen', '', ...findingItems(differing, SHOWN), '']),
    ...mendOf(difference),
    '',
    '<sub>The scheduled run keeps this issue up to date and closes it when the cluster is as declared. Closed as not planned it stays closed until something else is seen.</sub>',
  ];
  return { title: `Redis Cluster ${context.cluster} is not as ${context.file} declares it`, body: body.join('\n') };
}

function mendOf(difference: Plan | Failure): readonly string[] {
  if (difference instanceof Failure) {
    return ['### Why no plan can be made', '', ...failureAlert(difference, SHOWN)];
  }
  const words = difference.stages.flat().map(({ step }) => KINDS.words(step));
  if (words.length === 0) return ['No step of an apply mends this: see above what to do.'];
  const shown = words.slice(0, MOST_STEPS).map((text, i) => `${i + 1}. ${cell(text)}`);
  const more = words.length > MOST_STEPS ? ['', `…and ${words.length - MOST_STEPS} more steps.`] : [];
  const table = changesSlots(difference) || changesRoles(difference) ? [...shardTable(difference), ''] : [];
  return [
    '### What an apply would do',
    '',
    ...table,
    ...shown,
    ...more,
    '',
    '**Next:** run the workflow that applies, or change the file to what is wanted.',
  ];
}

/** The last word of an issue that closes. */
export function inSyncWords(context: CommentContext): string {
  return `The cluster is as ${code(context.file)} declares it again ([run](${context.runUrl})).`;
}
