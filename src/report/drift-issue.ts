import { canonicalJson } from '../core/canonical-json.ts';
import type { Failure } from '../core/failure.ts';
import { type Finding, isDifference } from '../core/findings.ts';
import { digest } from '../plan/fingerprint.ts';
import { type Plan, steps } from '../plan/plan.ts';
import { KINDS } from '../steps/index.ts';
import { failureAlert, type Limits } from './alerts.ts';
import { cell, code, cut } from './escape.ts';
import type { CommentContext } from './footer.ts';
import { issueHead } from './marker.ts';
import { findingItems } from './members.ts';
import { changesRoles, changesSlots, shardTable } from './shards.ts';

const MOST_STEPS = 50;

/** GitHub takes 256 characters. */
const LONGEST_TITLE = 250;

/** Within the 65,536 characters of GitHub, whatever the texts hold. */
const SHOWN: Limits = { items: 12, text: 300 };

/** What would mend a cluster, or why nothing can. */
export type Mending =
  | { readonly kind: 'plan'; readonly plan: Plan }
  | { readonly kind: 'refused'; readonly failure: Failure; readonly plan: Plan | null };

/**
 * The issue about drift. Figures in what was seen, such as numbers of keys and megabytes, change while the drift stays:
 * whether it is the same tells `head`, with which the body begins.
 */
export function driftIssue(
  mending: Mending,
  findings: readonly Finding[],
  context: CommentContext,
): { title: string; body: string; head: string } {
  const differing = findings.filter(isDifference);
  const head = issueHead(context.file, digestOf(mending, differing, context));
  const body = [
    head,
    `The Redis Cluster ${code(context.cluster)} is not as ${code(context.file)} declares it.`,
    '',
    ...(differing.length === 0 ? [] : ['### What was seen', '', ...findingItems(differing, SHOWN), '']),
    ...mendOf(mending),
    '',
    '<sub>The scheduled run keeps this issue up to date and closes it when the cluster is as declared. Closed as not planned it stays closed until something else is seen.</sub>',
  ];
  const title = cut(`Redis Cluster ${context.cluster} is not as ${context.file} declares it`, LONGEST_TITLE);
  return { title, body: body.join('\n'), head };
}

/** Over what stays while the drift is the same, be it told with other figures, another order or Kubernetes' latest words. */
function digestOf(mending: Mending, findings: readonly Finding[], { cluster }: CommentContext): string {
  const seen = findings.map(({ code: name, pods, about = '' }) => canonicalJson({ name, pods, about })).toSorted();
  const failure = mending.kind === 'refused' ? mending.failure.code : null;
  return digest({ cluster, seen, failure, steps: mending.plan === null ? [] : steps(mending.plan) });
}

function mendOf(mending: Mending): readonly string[] {
  if (mending.kind === 'refused') {
    return ['### Why no plan can be made', '', ...failureAlert(mending.failure, SHOWN)];
  }
  const difference = mending.plan;
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
