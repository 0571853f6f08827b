export interface PostedComment {
  readonly id: number;
  readonly url: string;
  readonly body: string;
  readonly pullRequest: number;
}

/** A plan that people saw in a merged pull request. */
export interface PostedPlan {
  readonly pullRequest: number;
  readonly comment: PostedComment;
}

/**
 * GitHub, reduced to what plan, apply and drift need of it. Every method throws Failure `github-error`, naming the
 * permission that is missing, where no other code is given.
 */
export interface GitHub {
  /** The comment of the action's own identity whose body begins with `marker`, over all pages; null when there is none. */
  findComment(pullRequest: number, marker: string, options: { signal: AbortSignal }): Promise<PostedComment | null>;
  /** Creates or edits it. */
  putComment(
    pullRequest: number,
    marker: string,
    body: string,
    options: { signal: AbortSignal },
  ): Promise<PostedComment>;
  /**
   * Plans posted by the action's own identity in merged pull requests that brought this commit to `branch`.
   * What somebody else edited is left out. Throws Failure `approval-unreadable`.
   */
  approvedComments(
    commit: string,
    branch: string,
    marker: string,
    options: { signal: AbortSignal },
  ): Promise<readonly PostedPlan[]>;
  /** A file as it is at a commit or branch of this repository; null when it does not exist. */
  readFile(path: string, ref: string, options: { signal: AbortSignal }): Promise<string | null>;
  /**
   * Keeps the issue of one cluster: opens, edits when the body differs, reopens; or closes with a word. Returns its URL,
   * null when there is none.
   */
  keepIssue(
    marker: string,
    wanted: { title: string; body: string } | { close: string },
    options: { signal: AbortSignal },
  ): Promise<string | null>;
}
