import { z } from 'zod';
import { Failure } from '../../core/failure.ts';
import type { PostedPlan } from '../../ports/github.ts';
import { type Comment, ownComments, postedAs } from './comments.ts';
import type { Errand } from './errors.ts';
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

/** Throws Failure `approval-unreadable` whatever it is that GitHub does not tell. */
export async function approvedComments(
  repository: Repository,
  visit: Visit,
  merge: { commit: string; branch: string },
  marker: string,
): Promise<readonly PostedPlan[]> {
  try {
    const plans: PostedPlan[] = [];
    for (const pullRequest of await mergedBy(repository, visit, merge)) {
      plans.push(...(await plansIn(repository, visit, pullRequest, marker)));
    }
    return plans;
  } catch (thrown) {
    if (!(thrown instanceof Failure) || thrown.code !== 'github-error') throw thrown;
    throw new Failure(
      'approval-unreadable',
      `Whether the plan of commit ${merge.commit} was approved cannot be told. ${thrown.message}`,
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
  { commit, branch }: { commit: string; branch: string },
): Promise<readonly number[]> {
  const errand: Errand = {
    doing: `find the pull requests of commit ${commit}`,
    permission: 'pull-requests: read',
  };
  const all = repository.requests.pages(visit, errand, PULL, (octokit, options) =>
    octokit.rest.repos.listPullRequestsAssociatedWithCommit({ ...repository.name, commit_sha: commit, ...options }),
  );
  const merged: number[] = [];
  for await (const pull of all) {
    if (pull.merged_at !== null && pull.base.ref === branch) merged.push(pull.number);
  }
  return merged;
}

async function plansIn(
  repository: Repository,
  visit: Visit,
  pullRequest: number,
  marker: string,
): Promise<readonly PostedPlan[]> {
  const plans: PostedPlan[] = [];
  for await (const comment of ownComments(repository, visit, pullRequest, marker)) {
    const body = await untouched(repository, visit, comment, pullRequest);
    if (body === null || !body.startsWith(repository.outgoing(marker))) continue;
    plans.push({ pullRequest, comment: { ...postedAs(comment, pullRequest), body } });
  }
  return plans;
}

/**
 * The body when the last hand on it was our own; else null. Whoever may write to a repository may edit anybody's comment
 * and REST does not show it. An edit without an editor is that of an account that is gone.
 */
async function untouched(
  repository: Repository,
  visit: Visit,
  comment: Comment,
  pullRequest: number,
): Promise<string | null> {
  const errand: Errand = {
    doing: `learn who edited the comment on pull request ${pullRequest}`,
    permission: 'pull-requests: read',
  };
  const { node } = await repository.requests.send(visit, errand, AS_IT_IS, (octokit, request) =>
    octokit.graphql(QUERY, { id: comment.node_id, request }),
  );
  if (node === null) return null;
  if (node.lastEditedAt === null && node.editor === null) return node.body;
  const own = await repository.login(visit);
  return node.editor !== null && loginOf(node.editor) === own ? node.body : null;
}
