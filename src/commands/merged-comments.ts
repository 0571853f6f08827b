import { asFailure } from '../core/failure.ts';
import { type Asked, LONGEST_WAIT, type PostedComment } from '../ports/github.ts';
import { commentMarker, type Marker, readPosted } from '../report/marker.ts';
import type { Desk } from './desk.ts';
import type { Filed } from './post.ts';

/** Milliseconds for finding comments where GitHub gives no answer; the end of a run waits for it. */
const PATIENCE = 20_000;

/** Our comment about a cluster, in a pull request that brought the commits of this run to their branch. */
export interface MergedComment {
  readonly comment: PostedComment;
  /** The plan that it carries; null where it carries none: a refusal, mistakes in the file, what was told without a look. */
  readonly shown: Marker | null;
}

/**
 * Those of all pull requests that GitHub knows of by now, those of the newest commit first. Never throws: an apply is no worse
 * for what cannot be told beside it, so the log says what GitHub does not tell.
 * @param limits what is done about a rate limit: the last word of a run waits for it
 */
export async function mergedComments(
  { file }: Filed,
  desk: Desk,
  limits: NonNullable<Asked['limits']> = 'wait',
): Promise<readonly MergedComment[]> {
  const { github, occasion, request, runner } = desk;
  if (github === null || occasion.mergedTo === null || !request.comment) return [];
  const signal = AbortSignal.timeout(limits === 'wait' ? LONGEST_WAIT + PATIENCE : PATIENCE);
  const options = { signal, patience: PATIENCE, limits, patient: false };
  const found: MergedComment[] = [];
  try {
    const pulls = github.mergedPullRequests(occasion.commits, occasion.mergedTo, commentMarker(file), options);
    for await (const { comments } of pulls) {
      for (const posted of comments) {
        if (posted.kind === 'void') continue;
        found.push({ comment: posted.comment, shown: readPosted(posted.comment.body) });
      }
    }
  } catch (thrown) {
    const { message } = asFailure(thrown);
    runner.info(
      `Whether a comment on a merged pull request still tells of what is to be done is not known. ${message}`,
    );
  }
  return found;
}

/** Whether it still tells of something to do, of an apply under way, or of one that failed or was refused. */
export function isOpen({ shown }: MergedComment): boolean {
  return shown?.state !== 'applied';
}

/** Whether it says that nothing is to be done. */
export function isEmpty({ shown }: MergedComment): boolean {
  return shown?.state === 'planned' && shown.steps?.length === 0;
}
