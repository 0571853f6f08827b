import { z } from 'zod';
import type { PostedComment } from '../../ports/github.ts';
import { type Errand, refusedWith } from './errors.ts';
import type { Repository } from './repository.ts';
import type { Visit } from './requests.ts';

const COMMENT = z.object({
  id: z.number(),
  node_id: z.string(),
  html_url: z.string(),
  body: z.string().default(''),
  user: z.object({ login: z.string() }).nullable(),
});
export type Comment = z.infer<typeof COMMENT>;

const WRITTEN = z.object({ data: COMMENT });

/** The comments that begin with `marker`, oldest first, whoever wrote them: markers are public, and may be copied. */
export async function* markedComments(
  repository: Repository,
  visit: Visit,
  pullRequest: number,
  marker: string,
): AsyncGenerator<Comment> {
  const mark = repository.outgoing(marker);
  const errand: Errand = {
    doing: `read the comments of pull request ${pullRequest}`,
    permission: 'pull-requests: read',
  };
  const all = repository.requests.pages(visit, errand, COMMENT, (octokit, options) =>
    octokit.rest.issues.listComments({ ...repository.name, issue_number: pullRequest, ...options }),
  );
  for await (const comment of all) {
    if (comment.body.startsWith(mark)) yield comment;
  }
}

/** Of these the action's own. */
async function* ownComments(
  repository: Repository,
  visit: Visit,
  pullRequest: number,
  marker: string,
): AsyncGenerator<Comment> {
  const login = await repository.login(visit);
  for await (const comment of markedComments(repository, visit, pullRequest, marker)) {
    if (comment.user?.login === login) yield comment;
  }
}

export async function listOwnComments(
  repository: Repository,
  visit: Visit,
  pullRequest: number,
  marker: string,
): Promise<readonly PostedComment[]> {
  const all: PostedComment[] = [];
  for await (const comment of ownComments(repository, visit, pullRequest, marker)) {
    all.push(postedAs(comment, pullRequest));
  }
  return all;
}

/** The oldest of them; null when there is none. */
export async function findComment(
  repository: Repository,
  visit: Visit,
  pullRequest: number,
  marker: string,
): Promise<PostedComment | null> {
  for await (const comment of ownComments(repository, visit, pullRequest, marker)) {
    return postedAs(comment, pullRequest);
  }
  return null;
}

export interface WantedComment {
  readonly marker: string;
  readonly body: string;
  /** Whether the one that was written last will do, unseen. */
  readonly again: boolean;
}

export async function putComment(
  repository: Repository,
  visit: Visit,
  pullRequest: number,
  { marker, body: text, again }: WantedComment,
): Promise<PostedComment> {
  const body = repository.outgoing(text);
  const key = `${pullRequest} ${marker}`;
  const known = again ? repository.written.get(key) : undefined;
  const posted =
    (known === undefined ? null : await editUnlessGone(repository, visit, known, body)) ??
    (await findAndPut(repository, visit, pullRequest, { marker, body }));
  repository.written.set(key, posted);
  return posted;
}

async function findAndPut(
  repository: Repository,
  visit: Visit,
  pullRequest: number,
  wanted: { marker: string; body: string },
): Promise<PostedComment> {
  const there = await findComment(repository, visit, pullRequest, wanted.marker);
  if (there === null) return create(repository, visit, pullRequest, wanted);
  return there.body === wanted.body ? there : edit(repository, visit, there, wanted.body);
}

/** Null where somebody has deleted it. Who wrote a comment never changes: it was ours when it was found. */
async function editUnlessGone(
  repository: Repository,
  visit: Visit,
  known: PostedComment,
  body: string,
): Promise<PostedComment | null> {
  try {
    return await edit(repository, visit, known, body);
  } catch (thrown) {
    if (refusedWith(thrown) !== 404) throw thrown;
    return null;
  }
}

/** After a lost answer nobody knows whether the comment is there: look again, so that there never are two. */
async function create(
  repository: Repository,
  visit: Visit,
  pullRequest: number,
  { marker, body }: { marker: string; body: string },
): Promise<PostedComment> {
  const errand: Errand = { doing: `comment on pull request ${pullRequest}`, permission: 'pull-requests: write' };
  const written = await repository.requests.send(visit, errand, WRITTEN, async (octokit, request, attempt) => {
    const there = attempt === 0 ? null : await firstOf(ownComments(repository, visit, pullRequest, marker));
    if (there !== null) return { data: there };
    return octokit.rest.issues.createComment({ ...repository.name, issue_number: pullRequest, body, request });
  });
  return postedAs(written.data, pullRequest);
}

async function edit(
  repository: Repository,
  visit: Visit,
  comment: PostedComment,
  body: string,
): Promise<PostedComment> {
  const errand: Errand = {
    doing: `edit the comment on pull request ${comment.pullRequest}`,
    permission: 'pull-requests: write',
  };
  const written = await repository.requests.send(visit, errand, WRITTEN, (octokit, request) =>
    octokit.rest.issues.updateComment({ ...repository.name, comment_id: comment.id, body, request }),
  );
  return postedAs(written.data, comment.pullRequest);
}

async function firstOf<T>(all: AsyncGenerator<T>): Promise<T | null> {
  for await (const one of all) return one;
  return null;
}

export function postedAs(comment: Comment, pullRequest: number): PostedComment {
  return { id: comment.id, url: comment.html_url, body: comment.body, pullRequest };
}
