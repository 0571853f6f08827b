import type { ActionEvent } from '../../support/run-action.ts';

/** Events as GitHub's runner hands them over: the name, the payload's parts that anybody looks at, commit and ref. */

const HERE = 'acme/cache';

const HERE_AS_IT_IS = { full_name: HERE, default_branch: 'main' };

export const BASE = 'b'.repeat(40);

/** The newest commit of every pull request, where a test says nothing else. */
export const HEAD = 'a'.repeat(40);

/** Forty hex digits that differ by `n`. */
export function commit(n: number): string {
  return n.toString(16).padStart(40, 'c');
}

export interface Pull {
  /** The repository of its head. */
  readonly from?: string;
  readonly author?: string;
  readonly action?: 'opened' | 'synchronize' | 'reopened' | 'closed';
  readonly event?: 'pull_request' | 'pull_request_target';
  /** The branch that it is to be merged into. */
  readonly base?: string;
  /** Its newest commit. */
  readonly head?: string;
  /** When it is closed. */
  readonly merged?: boolean;
}

export function pullRequest(number: number, more: Pull = {}): ActionEvent {
  const { from = HERE, author = 'octocat', action = 'opened', event = 'pull_request', merged = false } = more;
  const { base = 'main', head = HEAD } = more;
  return {
    name: event,
    ref: `refs/pull/${number}/merge`,
    payload: {
      action,
      number,
      repository: HERE_AS_IT_IS,
      pull_request: {
        number,
        merged,
        user: { login: author },
        base: { sha: BASE, ref: base, repo: { full_name: HERE } },
        head: { sha: head, ref: 'change', repo: { full_name: from } },
      },
    },
  };
}

/** @param commits oldest first, as the payload has them */
export function push(commits: readonly string[], ref = 'refs/heads/main'): ActionEvent {
  const head = commits.at(-1) ?? '';
  const payload = {
    ref,
    after: head,
    repository: HERE_AS_IT_IS,
    commits: commits.map((id) => ({ id, message: 'x', distinct: true })),
  };
  return { name: 'push', ref, commit: head, payload };
}

/** An event that says nothing of a commit, such as `issues`. */
export function other(name: string): ActionEvent {
  return { name, payload: { action: 'opened', repository: HERE_AS_IT_IS } };
}

/** The same run once more, as "Re-run jobs" does it. */
export function again(event: ActionEvent): ActionEvent {
  return { ...event, attempt: (event.attempt ?? 1) + 1 };
}

export function mergeGroup(number: number): ActionEvent {
  const head_ref = `refs/heads/gh-readonly-queue/main/pr-${number}-${BASE}`;
  const merge_group = { head_sha: commit(900), head_ref, base_sha: BASE, base_ref: 'refs/heads/main' };
  return {
    name: 'merge_group',
    ref: head_ref,
    commit: commit(900),
    payload: { action: 'checks_requested', merge_group, repository: HERE_AS_IT_IS },
  };
}

export function issueComment(number: number): ActionEvent {
  const comment = { body: '/apply', user: { login: 'mallory' } };
  return { name: 'issue_comment', payload: { action: 'created', issue: { number, pull_request: {} }, comment } };
}

/** @param branch what the run that it follows was of */
export function workflowRun(cause: string, branch = 'main'): ActionEvent {
  const workflow_run = { event: cause, head_branch: branch };
  return { name: 'workflow_run', payload: { action: 'completed', workflow_run, repository: HERE_AS_IT_IS } };
}
