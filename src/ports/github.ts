export interface PostedComment {
  readonly id: number;
  readonly url: string;
  readonly body: string;
  readonly pullRequest: number;
}

/** A pull request that brought a commit to a branch, and the comments in it that claim to hold the plan of a cluster. */
export interface MergedPullRequest {
  readonly number: number;
  readonly comments: readonly PostedPlan[];
}

export type PostedPlan =
  | { readonly kind: 'own'; readonly comment: PostedComment }
  /** Not written by the action's own identity, or not by it alone. `why` is a sentence. */
  | { readonly kind: 'void'; readonly why: string };

export interface PullRequestNow {
  readonly isOpen: boolean;
  /** The newest commit. */
  readonly head: string;
}

/** A file that a pull request takes away from its place. */
export interface LeftFile {
  /** As the repository calls it. */
  readonly path: string;
  /** Where it goes; null: it is deleted. */
  readonly to: string | null;
}

/** Milliseconds for which a rate limit is waited for in one call; GitHub's own last a minute or two, if not an hour. */
export const LONGEST_WAIT = 300_000;

/** How long an answer is waited for. */
export interface Asked {
  readonly signal: AbortSignal;
  /** Milliseconds for which GitHub is asked again while it gives no answer; a minute when left out. */
  readonly patience?: number;
  /** What is done about a rate limit; `wait`, at most LONGEST_WAIT, when left out. */
  readonly limits?: 'wait' | 'give-up';
}

export interface Writing extends Asked {
  /**
   * Whether the comment that this process wrote last is edited without looking for it, where there is one: for what is written
   * often, and is not the last word.
   */
  readonly again?: boolean;
}

/**
 * GitHub, reduced to what plan, apply and drift need of it. Every method throws Failure `github-error`, naming the
 * permission that is missing, where no other code is given.
 */
export interface GitHub {
  /** The comment of the action's own identity whose body begins with `marker`, over all pages; null when there is none. */
  findComment(pullRequest: number, marker: string, options: Asked): Promise<PostedComment | null>;
  /** All comments of the action's own identity whose bodies begin with `mark`, oldest first. */
  ownComments(pullRequest: number, mark: string, options: Asked): Promise<readonly PostedComment[]>;
  /** Creates or edits it. */
  putComment(pullRequest: number, marker: string, body: string, options: Writing): Promise<PostedComment>;
  /**
   * The pull requests that brought these commits to `branch`, found one after the other in the order of the commits, each
   * once. Throws Failure `approval-unreadable`.
   * @param options `patient`: gives GitHub time to come to know where the first commit came from
   */
  mergedPullRequests(
    commits: readonly string[],
    branch: string,
    marker: string,
    options: Asked & { readonly patient: boolean },
  ): AsyncIterable<MergedPullRequest>;
  /** A pull request as it is now. */
  pullRequestNow(pullRequest: number, options: Asked): Promise<PullRequestNow>;
  /** Whether a branch is protected, so that what it holds was agreed to; not so where there is no such branch. */
  isProtected(branch: string, options: Asked): Promise<boolean>;
  /** The files that a pull request deletes or renames. */
  leftFiles(pullRequest: number, options: Asked): Promise<readonly LeftFile[]>;
  /** A file as it is at a commit or branch of this repository; null when it does not exist. */
  readFile(path: string, ref: string, options: Asked): Promise<string | null>;
  /**
   * Keeps the issue of one cluster: opens, edits and reopens where it does not begin with `head`; or closes with a word.
   * Returns its URL, null when there is none.
   * @param wanted `head`: how the body begins, and as long as that is the same there is nothing new to tell
   */
  keepIssue(
    marker: string,
    wanted: { title: string; body: string; head: string } | { close: string },
    options: Asked,
  ): Promise<string | null>;
}
