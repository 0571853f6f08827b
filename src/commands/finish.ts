import { asFailure } from '../core/failure.ts';
import type { Topology } from '../core/topology.ts';
import type { CommentState } from '../report/comment.ts';
import { commentMarker, readPosted } from '../report/marker.ts';
import type { Desk } from './desk.ts';
import { post } from './post.ts';

/**
 * Turns a comment that still tells of something to do, of an apply under way or of one that failed, when the push of its
 * pull request finds nothing left to do. Returns its URL; null where there is none such, or GitHub does not tell.
 */
export async function finish(
  topology: Topology,
  desk: Desk,
  state: Extract<CommentState, { kind: 'planned' }>,
): Promise<string | null> {
  const number = await unfinished(topology, desk, state.plan.hash);
  return number === null ? null : post(topology, desk, number, state);
}

/** @param nothing the hash of the plan that does nothing */
async function unfinished(topology: Topology, desk: Desk, nothing: string): Promise<number | null> {
  const { github, occasion, stop: signal, request } = desk;
  if (github === null || occasion.branch === null || !request.comment) return null;
  const { commit, branch } = occasion;
  const asked = github.mergedPullRequests([commit], branch, commentMarker(topology.name), { signal, patient: false });
  try {
    for await (const { number, comments } of asked) {
      const shown = comments.flatMap((one) => (one.kind === 'own' ? (readPosted(one.comment.body) ?? []) : []));
      if (shown.some(({ state, hash }) => state !== 'applied' && hash !== nothing)) return number;
    }
  } catch (thrown) {
    desk.runner.info(`Whether a comment still tells of an unfinished apply is not known. ${asFailure(thrown).message}`);
  }
  return null;
}
