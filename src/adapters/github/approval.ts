import { z } from 'zod';
import { Failure } from '../../core/failure.ts';
import type { MergedPullRequest, PostedPlan } from '../../ports/github.ts';
import { type Comment, markedComments, postedAs } from './comments.ts';
import { type Errand, refusedWith } from './errors.ts';
import { ACTOR, loginOf } from './identity.ts';
import type { Repository } from './repository.ts';
import type { Visit } from './requests.ts';

const PULL = z.object({
  number: z.number(),
  merged_at: z.string().nullable(),
  base: z.object({ ref: z.string() }),
});

/** The body comes with who wrote it last: asked for one after the other, an edit could slip in between. */
const AS_IT_IS = z.object({
  node: z.object({ body: z.string(), lastEditedAt: z.string().nullable(), editor: ACTOR.nullable() }).nullable(),
});
const QUERY = `query ($id: ID!) {
  node(id: $id) { ... on IssueComment { body lastEditedAt editor { kind: __typename login } } }
}`;

/**
 * Milliseconds before asking again where a commit came from. GitHub learns it apart from the push: after a squash it has
 * been seen to know no pull request of a commit for tens of seconds (apache/texera#4620, Songmu/tagpr#330).
 */
const PAUSES = [2_000, 4_000, 8_000, 16_000];

/** Of one push; a request for each. */
const MOST_COMMITS = 100;

interface Merge {
  readonly commits: readonly string[];
  readonly branch: string;
  readonly patient: boolean;
}

/**
 * Every commit is asked for with the patience of a visit of its own.
 * Throws Failure `approval-unreadable` whatever it is that GitHub does not tell.
 */
export async function* mergedPullRequests(
  repository: Repository,
  begin: () => Visit,
  { commits, branch, patient }: Merge,
  marker: string,
): AsyncGenerator<MergedPullRequest> {
  const seen = new Set<number>();
  for (const [i, commit] of commits.slice(0, MOST_COMMITS).entries()) {
    const ask = () => readable(commit, mergedBy(repository, begin(), commit, branch));
    let found = await ask();
    for (const pause of patient && i === 0 ? PAUSES : []) {
      if (found.length > 0) break;
      await repository.requests.pause(pause, begin());
      found = await ask();
    }
    for (const number of found.filter((one) => !seen.has(one))) {
      seen.add(number);
      const comments = await readable(commit, plansIn(repository, begin(), number, marker));
      yield { number, comments };
    }
  }
}

async function readable<T>(commit: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (thrown) {
    if (!(thrown instanceof Failure) || thrown.code !== 'github-error') throw thrown;
    throw new Failure(
      'approval-unreadable',
      `Whether the plan of commit ${commit} was approved cannot be told. ${thrown.message}`,
      { remedy: thrown.remedy, details: thrown.details, cause: thrown },
    );
  }
}

/**
 * The pull requests that brought a commit to a branch. GitHub lists them for merge commits, squashed and rebased ones and
 * those of a merge queue alike; also open ones that only contain the commit, and those merged elsewhere.
 */
async function mergedBy(
  repository: Repository,
  visit: Visit,
  commit: string,
  branch: string,
): Promise<readonly number[]> {
  const errand: Errand = {
    doing: `find the pull requests of commit ${commit}`,
    permission: 'pull-requests: read',
  };
  const all = repository.requests.pages(visit, errand, PULL, (octokit, options) =>
    octokit.rest.repos.listPullRequestsAssociatedWithCommit({ ...repository.name, commit_sha: commit, ...options }),
  );
  const merged: number[] = [];
  try {
    for await (const pull of all) {
      if (pull.merged_at !== null && pull.base.ref === branch) merged.push(pull.number);
    }
  } catch (thrown) {
    // 422: it does not know the commit yet.
    if (refusedWith(thrown) !== 422) throw thrown;
  }
  return merged;
}

async function plansIn(
  repository: Repository,
  visit: Visit,
  pullRequest: number,
  marker: string,
): Promise<readonly PostedPlan[]> {
  const own = await repository.login(visit);
  const plans: PostedPlan[] = [];
  let isFound = false;
  for await (const comment of markedComments(repository, visit, pullRequest, marker)) {
    const author = comment.user?.login ?? 'an account that is gone';
    if (author === own) {
      // Only the oldest is kept up to date. Two runs at the same moment may have made another, which nobody writes to.
      if (isFound) continue;
      isFound = true;
      const plan = await untouched(repository, visit, { comment, pullRequest, own }, marker);
      if (plan !== null) plans.push(plan);
    } else {
      const why = `The comment ${comment.html_url} has the mark of a plan and was written by ${author}, not by ${own}.`;
      plans.push({ kind: 'void', why });
    }
  }
  return plans;
}

interface Written {
  readonly comment: Comment;
  readonly pullRequest: number;
  /** The action's own login. */
  readonly own: string;
}

/**
 * The comment when the last hand on it was our own. Whoever may write to a repository may edit anybody's comment and REST
 * does not show it. An edit without an editor is that of an account that is gone. Null when it has gone or is no plan now.
 */
async function untouched(
  repository: Repository,
  visit: Visit,
  { comment, pullRequest, own }: Written,
  marker: string,
): Promise<PostedPlan | null> {
  const errand: Errand = {
    doing: `learn who edited the comment on pull request ${pullRequest}`,
    permission: 'pull-requests: read',
  };
  const { node } = await repository.requests.send(visit, errand, AS_IT_IS, (octokit, request) =>
    octokit.graphql(QUERY, { id: comment.node_id, request }),
  );
  if (node === null || !node.body.startsWith(repository.outgoing(marker))) return null;
  const isEdited = node.lastEditedAt !== null || node.editor !== null;
  const editor = node.editor === null ? 'an account that is gone' : loginOf(node.editor);
  if (isEdited && editor !== own) {
    return { kind: 'void', why: `The plan in ${comment.html_url} was edited by ${editor}, so it counts for nothing.` };
  }
  return { kind: 'own', comment: { ...postedAs(comment, pullRequest), body: node.body } };
}
