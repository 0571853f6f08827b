import { asFailure } from '../core/failure.ts';
import type { Topology } from '../core/topology.ts';
import { type Asked, LONGEST_WAIT, type PostedComment } from '../ports/github.ts';
import type { CommentState } from '../report/comment.ts';
import { commentMarker, hiddenLineOf, type Marker, readPosted } from '../report/marker.ts';
import type { Desk } from './desk.ts';
import type { Refusal } from './outcome.ts';
import { post } from './post.ts';

/** Milliseconds for finding the comment in which a refusal is told where GitHub gives no answer; the run waits for it. */
const PATIENCE = 20_000;

/**
 * Turns a comment that still tells of something to do, of an apply under way or of one that failed, when the push of its
 * pull request finds nothing left to do. Returns its URL; null where there is none such, or GitHub does not tell.
 */
export async function finish(
  topology: Topology,
  desk: Desk,
  state: Extract<CommentState, { kind: 'planned' }>,
): Promise<string | null> {
  const { commit } = desk.occasion;
  const all = await unfinished(topology, desk, [commit], { signal: desk.stop });
  const found = all.find(({ shown }) => shown.hash !== state.plan.hash);
  return found === undefined ? null : post(topology, desk, found.comment.pullRequest, state);
}

/**
 * Says in the comments whose plans the push was to carry out why it has not. What they hide stays as it is: the plan of a
 * merged pull request is approved until it was carried out. Returns the URL of the first; null where there is none.
 */
export async function tellRefusal(topology: Topology, desk: Desk, refusal: Refusal): Promise<string | null> {
  const asked = { signal: AbortSignal.timeout(LONGEST_WAIT + PATIENCE), patience: PATIENCE };
  const found = await unfinished(topology, desk, desk.occasion.commits, asked);
  const urls: (string | null)[] = [];
  for (const { comment, shown } of found) {
    const approved = { hash: shown.hash, hidden: hiddenLineOf(comment.body) };
    urls.push(await post(topology, desk, comment.pullRequest, { ...refusal, approved }));
  }
  return urls[0] ?? null;
}

interface Unfinished {
  readonly comment: PostedComment;
  readonly shown: Marker;
}

/** Our comments in the pull requests of a push that do not say that all is done. */
async function unfinished(
  topology: Topology,
  desk: Desk,
  commits: readonly string[],
  asked: Asked,
): Promise<readonly Unfinished[]> {
  const { github, occasion, request } = desk;
  if (github === null || occasion.branch === null || !request.comment) return [];
  const options = { ...asked, patient: false };
  const merged = github.mergedPullRequests(commits, occasion.branch, commentMarker(topology.file), options);
  const found: Unfinished[] = [];
  try {
    for await (const { comments } of merged) {
      for (const posted of comments) {
        const shown = posted.kind === 'own' ? readPosted(posted.comment.body) : null;
        if (posted.kind === 'own' && shown !== null && shown.state !== 'applied') {
          found.push({ comment: posted.comment, shown });
        }
      }
    }
  } catch (thrown) {
    desk.runner.info(`Whether a comment still tells of an unfinished apply is not known. ${asFailure(thrown).message}`);
  }
  return found;
}
