import type { Topology } from '../core/topology.ts';
import type { CommentState } from '../report/comment.ts';
import { hiddenLineOf } from '../report/marker.ts';
import type { Desk } from './desk.ts';
import { isEmpty, isOpen, mergedComments } from './merged-comments.ts';
import type { Refusal } from './outcome.ts';
import { type Named, post } from './post.ts';

/**
 * Turns the comments that still tell of something to do, of an apply under way or of one that failed or was refused, when the
 * run of their pull requests finds nothing left to do. Returns the URL of the first; null where there is none such.
 */
export async function finish(
  topology: Topology,
  desk: Desk,
  state: Extract<CommentState, { kind: 'planned' }>,
): Promise<string | null> {
  const all = await mergedComments(topology, desk);
  const urls: (string | null)[] = [];
  for (const { comment } of all.filter((one) => isOpen(one) && !isEmpty(one))) {
    urls.push(await post(topology, desk, comment.pullRequest, state));
  }
  return urls[0] ?? null;
}

/**
 * Says in the comments whose plans the push was to carry out why it has not. What they hide stays as it is: the plan of a
 * merged pull request is approved until it was carried out. One that holds no plan is told the present one, and approves
 * nothing now either. Returns the URL of the first; null where there is none.
 */
export async function tellRefusal(topology: Named, desk: Desk, refusal: Refusal): Promise<string | null> {
  if (desk.occasion.branch === null) return null;
  const urls: (string | null)[] = [];
  for (const { comment, shown } of (await mergedComments(topology, desk)).filter(isOpen)) {
    const approved = shown === null ? {} : { approved: { hash: shown.hash, hidden: hiddenLineOf(comment.body) } };
    urls.push(await post(topology, desk, comment.pullRequest, { ...refusal, ...approved }));
  }
  return urls[0] ?? null;
}
