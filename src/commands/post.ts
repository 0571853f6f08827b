import { asFailure } from '../core/failure.ts';
import type { Topology } from '../core/topology.ts';
import { type CommentContext, type CommentState, commentBody } from '../report/comment.ts';
import { commentMarker } from '../report/marker.ts';
import type { Desk } from './desk.ts';

export function contextOf(topology: Topology, desk: Desk): CommentContext {
  const { runUrl, commit } = desk.occasion;
  return { cluster: topology.name, file: topology.file, runUrl, commit };
}

/** Puts a state into the comment of the pull request that this run belongs to; its URL, or null. */
export async function postOnPullRequest(topology: Topology, desk: Desk, state: CommentState): Promise<string | null> {
  const { pullRequest } = desk.occasion;
  if (pullRequest === null || pullRequest.closed) return null;
  return post(topology, desk, pullRequest.number, state);
}

/** A comment that GitHub refuses is a warning: the plan and the work stand. */
export async function post(
  topology: Topology,
  desk: Desk,
  pullRequest: number,
  state: CommentState,
): Promise<string | null> {
  if (!desk.request.comment || desk.github === null) return null;
  const body = commentBody(state, contextOf(topology, desk));
  try {
    const signal = AbortSignal.timeout(60_000);
    const comment = await desk.github.putComment(pullRequest, commentMarker(topology.name), body, { signal });
    return comment.url;
  } catch (thrown) {
    const { message, remedy } = asFailure(thrown);
    desk.runner.warning(`The comment on pull request ${pullRequest} could not be written: ${message} ${remedy}`);
    return null;
  }
}
