import type { Failure } from '../core/failure.ts';
import { Failure as FailureClass } from '../core/failure.ts';
import type { Finding } from '../core/findings.ts';
import type { Plan } from '../plan/plan.ts';
import { KINDS } from '../steps/index.ts';
import type { CommentContext } from './comment.ts';
import { cell, code, prose } from './escape.ts';
import { findingLine } from './members.ts';

const MOST_STEPS = 50;

/** The first line of the issue about one cluster. */
export function issueMarker(cluster: string): string {
  return `<!-- redis-cluster-topology: drift of ${cluster.replaceAll(/[^A-Za-z0-9._-]/g, '_')} -->`;
}

/** The issue about drift. It speaks of nothing that changes while the drift stays: no run, no time, no numbers of keys. */
export function driftIssue(
  difference: Plan | Failure,
  findings: readonly Finding[],
  context: CommentContext,
): { title: string; body: string } {
  const serious = findings.filter((finding) => finding.weight !== 'note');
  const body = [
    issueMarker(context.cluster),
    `The Redis Cluster ${code(context.cluster)} is not as ${code(context.file)} declares it.`,
    '',
    ...(serious.length === 0 ? [] : ['### What was seen', '', ...serious.map(findingLine), '']),
    ...mendOf(difference),
    '',
    'This issue is kept up to date by the scheduled run, and closes itself when the cluster is as declared.',
  ];
  return { title: `Redis Cluster ${context.cluster} has drifted from ${context.file}`, body: body.join('\n') };
}

function mendOf(difference: Plan | Failure): readonly string[] {
  if (difference instanceof FailureClass) {
    return [
      '### Why no plan can be made',
      '',
      prose(difference.message),
      '',
      `**What to do:** ${prose(difference.remedy)}`,
    ];
  }
  const words = difference.stages.flat().map(({ step }) => KINDS.words(step));
  if (words.length === 0) return ['No step of an apply mends this; see what to do above.'];
  const shown = words.slice(0, MOST_STEPS).map((text, i) => `${i + 1}. ${cell(text)}`);
  const more = words.length > MOST_STEPS ? [`…and ${words.length - MOST_STEPS} more steps.`] : [];
  return [
    '### What an apply would do',
    '',
    ...shown,
    ...more,
    '',
    'Run the workflow that applies, or change the file to what is wanted.',
  ];
}

/** The last word of an issue that closes. */
export function inSyncWords(context: CommentContext): string {
  return `The cluster is as ${code(context.file)} declares it again ([run](${context.runUrl})).`;
}
