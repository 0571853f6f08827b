import type { Plan } from '../plan/plan.ts';
import { code } from './escape.ts';
import { type CommentContext, footer, link } from './footer.ts';
import { commentMarker, hiddenPlan } from './marker.ts';

/** The pull request whose comment tells how an apply went. */
export interface Told {
  readonly pullRequest: number;
  /** Of that comment; null where it could not be written. */
  readonly url: string | null;
}

/** How the apply ended; `hidden` is the last line of the comment as it was, with the plan that stays approved. */
export type Ending = { readonly kind: 'applied' } | { readonly kind: 'failed'; readonly hidden: string };

/**
 * The comment of a pull request that was merged together with another one, whose comment tells what was done: one plan makes
 * of the cluster what all of them want.
 */
export function togetherBody(plan: Plan, ending: Ending, told: Told, context: CommentContext): string {
  const { pullRequest, url } = told;
  const there = url === null ? 'The comment there' : link(url, 'The comment there');
  const [headline, words, hidden] =
    ending.kind === 'applied'
      ? [
          `✅ **Carried out with #${pullRequest}.**`,
          `${there} tells what was done. The cluster was looked at once more: it is as declared.`,
          hiddenPlan(plan, 'applied').line,
        ]
      : [
          `❌ **Failed midway, with #${pullRequest}.**`,
          `${there} tells what is done, and what to do next.`,
          ending.hidden,
        ];
  return [
    commentMarker(context.file),
    `### Redis Cluster ${code(context.cluster)}`,
    '',
    `${headline} What was merged together is carried out as one plan. ${words}`,
    '',
    footer(context, plan.hash),
    ...(hidden === '' ? [] : ['', hidden]),
  ].join('\n');
}
