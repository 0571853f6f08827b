import { asFailure } from '../core/failure.ts';
import type { Topology } from '../core/topology.ts';
import {
  type Asked,
  type GitHub,
  LONGEST_WAIT,
  type PostedComment,
  type PullRequestNow,
  type Writing,
} from '../ports/github.ts';
import { type CommentState, commentBody } from '../report/comment.ts';
import type { CommentContext } from '../report/footer.ts';
import { commentMarker, readPosted } from '../report/marker.ts';
import type { Desk } from './desk.ts';

/** As much of a topology as its comment needs. */
export type Named = Pick<Topology, 'name' | 'file'>;

/** As much of one as finds its comment. */
export type Filed = Pick<Topology, 'file'>;

/** Milliseconds for all that GitHub is asked about one comment: a run's last word waits for a rate limit, too. */
const PATIENCE = LONGEST_WAIT + 60_000;

/** Milliseconds for whether a plan still has a say; without an answer its comment tells, too. */
const SOON = 10_000;

export function contextOf(topology: Named, desk: Desk): CommentContext {
  const { runUrl, commit } = desk.occasion;
  return { cluster: topology.name, file: topology.file, runUrl, commit };
}

/** Puts a state into the comment of the pull request that this run belongs to; its URL, or null. */
export function postOnPullRequest(topology: Named, desk: Desk, state: CommentState): Promise<string | null> {
  return postBody(topology, desk, commentBody(state, contextOf(topology, desk)));
}

/** The same for a text that is no state of a plan. */
export function postText(topology: Filed, desk: Desk, text: string): Promise<string | null> {
  return postBody(topology, desk, `${commentMarker(topology.file)}\n${text}`);
}

async function postBody(topology: Filed, desk: Desk, body: string): Promise<string | null> {
  const { pullRequest } = desk.occasion;
  // A fork's token may write nothing.
  if (pullRequest === null || pullRequest.closed || pullRequest.foreign) return null;
  const { number } = pullRequest;
  return orWarn(desk, number, async (github, asked) => {
    const late = await lateFor(topology, number, desk, github, asked);
    if (late === null) return put(topology, number, body, github, asked);
    desk.runner.info(`The comment on pull request ${number} stays as it is: ${late}.`);
    return null;
  });
}

/**
 * Why a run has no say any more: one that ends after the merge would put its plan in place of what was applied, and one of an
 * earlier commit that is started again in place of the newest. Null where it has.
 */
async function lateFor(
  topology: Filed,
  number: number,
  { occasion, runner }: Desk,
  github: GitHub,
  asked: Asked,
): Promise<string | null> {
  const now = await pullRequestOr(github, number, asked, (why) =>
    runner.info(`Whether pull request ${number} has gone on since this run began is not known. ${why}`),
  );
  if (now === null) return toldOfApply(await github.findComment(number, commentMarker(topology.file), asked));
  if (!now.isOpen) return 'it is closed by now';
  if (now.head === occasion.commit) return null;
  return `this run is of commit ${occasion.commit.slice(0, 10)}, and the newest is ${now.head.slice(0, 10)}`;
}

/** Null where GitHub does not tell. */
async function pullRequestOr(
  github: GitHub,
  number: number,
  asked: Asked,
  tell: (why: string) => void,
): Promise<PullRequestNow | null> {
  try {
    return await github.pullRequestNow(number, { ...asked, patience: SOON });
  } catch (thrown) {
    asked.signal.throwIfAborted();
    tell(asFailure(thrown).message);
    return null;
  }
}

/** Only what was merged is applied. */
function toldOfApply(comment: PostedComment | null): string | null {
  const state = comment === null ? undefined : readPosted(comment.body)?.state;
  return state === undefined || state === 'planned' ? null : 'it tells of an apply';
}

/** The same for a pull request that was merged. */
export function post(topology: Named, desk: Desk, pullRequest: number, state: CommentState): Promise<string | null> {
  return postMerged(topology, desk, pullRequest, commentBody(state, contextOf(topology, desk)));
}

/** @param body begins with the marker of the comment */
export function postMerged(topology: Filed, desk: Desk, pullRequest: number, body: string): Promise<string | null> {
  return orWarn(desk, pullRequest, (github, asked) => put(topology, pullRequest, body, github, asked));
}

/**
 * How an apply goes on. The work waits for none of it, so this is given up soon, and at once when GitHub limits the rate of
 * requests or the run is to stop.
 * @returns what went wrong; null when nothing did
 */
export async function postProgress(
  topology: Topology,
  desk: Desk,
  pullRequest: number,
  state: CommentState,
): Promise<string | null> {
  const body = commentBody(state, contextOf(topology, desk));
  const limit = { patience: 12_000, stop: desk.stop };
  const done = await attempt(desk, pullRequest, limit, (github, asked) =>
    put(topology, pullRequest, body, github, { ...asked, limits: 'give-up', again: true }),
  );
  return done.kind === 'trouble' && !desk.stop.aborted ? done.text : null;
}

async function put(
  topology: Filed,
  pullRequest: number,
  body: string,
  github: GitHub,
  asked: Writing,
): Promise<string> {
  return (await github.putComment(pullRequest, commentMarker(topology.file), body, asked)).url;
}

/** What is done about a comment; its URL, or null where there is none. */
type Work = (github: GitHub, asked: Asked) => Promise<string | null>;

/** A comment that GitHub refuses is a warning: the plan and the work stand. */
async function orWarn(desk: Desk, pullRequest: number, work: Work): Promise<string | null> {
  // A run that is to stop still says how it ended.
  const done = await attempt(desk, pullRequest, { patience: PATIENCE, stop: null }, work);
  if (done.kind === 'done') return done.url;
  desk.runner.warning(done.text);
  return null;
}

type Done =
  | { readonly kind: 'done'; readonly url: string | null }
  | { readonly kind: 'trouble'; readonly text: string };

/** @param limit `patience` in milliseconds */
async function attempt(
  { request, github }: Desk,
  pullRequest: number,
  { patience, stop }: { readonly patience: number; readonly stop: AbortSignal | null },
  work: Work,
): Promise<Done> {
  if (!request.comment || github === null) return { kind: 'done', url: null };
  const time = AbortSignal.timeout(patience);
  try {
    const signal = stop === null ? time : AbortSignal.any([time, stop]);
    return { kind: 'done', url: await work(github, { signal }) };
  } catch (thrown) {
    const { message, remedy } = asFailure(thrown);
    const why = time.aborted ? `GitHub gave no answer within ${patience / 1000} s.` : `${message} ${remedy}`;
    return { kind: 'trouble', text: `The comment on pull request ${pullRequest} could not be written: ${why}` };
  }
}
