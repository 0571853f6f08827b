import { asFailure } from '../core/failure.ts';
import type { Topology } from '../core/topology.ts';
import { type CommentContext, type CommentState, commentBody } from '../report/comment.ts';
import { commentMarker } from '../report/marker.ts';
import type { Desk } from './desk.ts';

/** As much of a topology as finds its comment. */
type Named = Pick<Topology, 'name'>;

export function contextOf(topology: Topology, desk: Desk): CommentContext {
  const { runUrl, commit } = desk.occasion;
  return { cluster: topology.name, file: topology.file, runUrl, commit };
}

/** Puts a state into the comment of the pull request that this run belongs to; its URL, or null. */
export function postOnPullRequest(topology: Topology, desk: Desk, state: CommentState): Promise<string | null> {
  return postBody(topology, desk, commentBody(state, contextOf(topology, desk)));
}

/** The same for a text that is no state of a plan. */
export function postText(topology: Named, desk: Desk, text: string): Promise<string | null> {
  return postBody(topology, desk, `${commentMarker(topology.name)}\n${text}`);
}

async function postBody(topology: Named, desk: Desk, body: string): Promise<string | null> {
  const { pullRequest } = desk.occasion;
  // A fork's token may write nothing.
  if (pullRequest === null || pullRequest.closed || pullRequest.foreign) return null;
  return putOrWarn(topology, desk, pullRequest.number, body);
}

/** The same for a pull request that was merged. */
export function post(topology: Topology, desk: Desk, pullRequest: number, state: CommentState): Promise<string | null> {
  return putOrWarn(topology, desk, pullRequest, commentBody(state, contextOf(topology, desk)));
}

/**
 * How an apply goes on. The work waits for none of it, so this is given up soon, and at once when the run is to stop.
 * @returns what went wrong; null when nothing did
 */
export async function postProgress(
  topology: Topology,
  desk: Desk,
  pullRequest: number,
  state: CommentState,
): Promise<string | null> {
  const body = commentBody(state, contextOf(topology, desk));
  const put = await putComment(topology, desk, pullRequest, { body, patience: 12_000, stop: desk.stop });
  return put.kind === 'trouble' && !desk.stop.aborted ? put.text : null;
}

/** A comment that GitHub refuses is a warning: the plan and the work stand. */
async function putOrWarn(topology: Named, desk: Desk, pullRequest: number, body: string): Promise<string | null> {
  // A run that is to stop still says how it ended.
  const put = await putComment(topology, desk, pullRequest, { body, patience: 60_000, stop: null });
  if (put.kind === 'put') return put.url;
  desk.runner.warning(put.text);
  return null;
}

type Put = { readonly kind: 'put'; readonly url: string | null } | { readonly kind: 'trouble'; readonly text: string };

/** @param wanted `patience` in milliseconds */
async function putComment(
  topology: Named,
  { request, github }: Desk,
  pullRequest: number,
  wanted: { readonly body: string; readonly patience: number; readonly stop: AbortSignal | null },
): Promise<Put> {
  if (!request.comment || github === null) return { kind: 'put', url: null };
  const { body, patience, stop } = wanted;
  const time = AbortSignal.timeout(patience);
  const signal = stop === null ? time : AbortSignal.any([time, stop]);
  try {
    const comment = await github.putComment(pullRequest, commentMarker(topology.name), body, { signal });
    return { kind: 'put', url: comment.url };
  } catch (thrown) {
    const { message, remedy } = asFailure(thrown);
    const why = time.aborted ? `GitHub gave no answer within ${patience / 1000} s.` : `${message} ${remedy}`;
    return { kind: 'trouble', text: `The comment on pull request ${pullRequest} could not be written: ${why}` };
  }
}
