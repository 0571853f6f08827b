import type { Topology } from '../core/topology.ts';
import type { Plan } from '../plan/plan.ts';
import type { CommentState } from '../report/comment.ts';
import { hiddenLineOf } from '../report/marker.ts';
import { type Ending, type Told, togetherBody } from '../report/together.ts';
import type { Desk } from './desk.ts';
import { isEmpty, isOpen, type MergedComment, mergedComments } from './merged-comments.ts';
import { contextOf, post, postMerged, postProgress } from './post.ts';

type Progress = Extract<CommentState, { readonly kind: 'applying' }>;
type End = Extract<CommentState, { readonly kind: 'applied' | 'failed' }>;

/** Tells how an apply goes in the comments of the merged pull requests that it carries out. Never throws. */
export interface Telling {
  /** The work waits for none of it. Gives what went wrong; null when nothing did. */
  readonly progress: (state: Progress) => Promise<string | null>;
  /** The last word. Gives the URL of the comment that tells it; null where there is none. */
  readonly end: (state: End) => Promise<string | null>;
}

/**
 * Whatever it is that approved the plan: a comment that still says that its plan was refused, or waits for the merge, would be
 * wrong as soon as a hash that was given, or nobody, let the plan be carried out.
 * @param approvedIn the pull request whose comment approved the plan; null where something else did
 */
export function tellingOf(plan: Plan, approvedIn: number | null, topology: Topology, desk: Desk): Telling {
  let asked: Promise<number | null> | null = null;
  const find = async (limits: 'wait' | 'give-up'): Promise<number | null> =>
    approvedIn ?? commentFor(plan, await mergedComments(topology, desk, limits), desk)?.comment.pullRequest ?? null;
  return {
    async progress(state) {
      asked ??= find('give-up');
      const pullRequest = await asked;
      return pullRequest === null ? null : postProgress(topology, desk, pullRequest, state);
    },
    async end(state) {
      // GitHub may not have known yet where the commits came from.
      const pullRequest = (await asked) ?? (await find('wait'));
      if (pullRequest === null) return null;
      const url = await post(topology, desk, pullRequest, state);
      await tellOthers(state, { pullRequest, url }, topology, desk);
      return url;
    },
  };
}

/** What came with the same push is in the plan, too: a comment that still says "Next: merge" would wait for ever. */
async function tellOthers({ kind, plan }: End, told: Told, topology: Topology, desk: Desk): Promise<void> {
  const all = await mergedComments(topology, desk);
  for (const one of all.filter((other) => isOpen(other) && !isEmpty(other))) {
    const { body, pullRequest } = one.comment;
    if (pullRequest === told.pullRequest) continue;
    const ending: Ending = kind === 'applied' ? { kind } : { kind, hidden: hiddenLineOf(body) };
    const text = togetherBody(plan, ending, told, contextOf(topology, desk));
    await postMerged(topology, desk, pullRequest, text);
  }
}

/** The one that shows this plan, else the newest that is open. */
function commentFor(plan: Plan, all: readonly MergedComment[], { occasion }: Desk): MergedComment | undefined {
  // Of a run by hand or on a schedule long after the merge nothing is told where nothing was to be done.
  const open = all.filter((one) => isOpen(one) && (occasion.branch !== null || !isEmpty(one)));
  return open.find(({ shown }) => shown?.hash === plan.hash) ?? open[0];
}
