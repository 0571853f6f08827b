import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { Failure } from '../../core/failure.ts';
import type { Occasion, PullRequest } from '../../core/request.ts';
import type { Environment } from './form.ts';

const Repository = z.object({ full_name: z.string() });

const Payload = z.object({
  action: z.string().nullish(),
  pull_request: z
    .object({
      number: z.number().int().positive(),
      merged: z.boolean().nullish(),
      user: z.object({ login: z.string() }).nullish(),
      base: z.object({ sha: z.string(), ref: z.string().nullish(), repo: Repository }),
      head: z.object({ sha: z.string(), repo: Repository.nullable() }),
    })
    .nullish(),
  /** Of a push: oldest first, at most 2,048. */
  commits: z.array(z.object({ id: z.string() })).nullish(),
  merge_group: z.object({ base_ref: z.string() }).nullish(),
  repository: z.object({ default_branch: z.string().nullish() }).nullish(),
  /** Its `event` is what caused the run that this one follows; of a third in a row it is `workflow_run` again. */
  workflow_run: z.object({ event: z.string(), head_branch: z.string().nullish() }).nullish(),
});
type Payload = z.infer<typeof Payload>;

const BRANCH = 'refs/heads/';

/** Where a merge queue tries what is not merged yet: `gh-readonly-queue/main/pr-7-` and a commit. */
const QUEUE = 'gh-readonly-queue/';

/**
 * What made the run happen, from GitHub's environment and the event's payload.
 * Throws Failure `invalid-input` for a payload that cannot be read, `untrusted-pull-request` for events that run with
 * secrets on what a stranger wrote, or at a stranger's word.
 */
export function readOccasion(env: Environment): Occasion {
  const event = env['GITHUB_EVENT_NAME'] ?? '';
  const payload = payloadOf(env['GITHUB_EVENT_PATH']);
  refuseUnsafe(event, payload);
  // GITHUB_SHA of a pull request is a merge that GitHub tries and nobody knows.
  const commit = payload.pull_request?.head.sha ?? env['GITHUB_SHA'] ?? '';
  const pushed = event === 'push' ? (payload.commits ?? []).map(({ id }) => id).toReversed() : [];
  const branch = event === 'push' ? branchIn(env['GITHUB_REF']) : null;
  const into = baseOf(payload, branch);
  return {
    event,
    trigger: payload.workflow_run?.event ?? event,
    commit,
    commits: [commit, ...pushed].filter((id, i, all) => id !== '' && all.indexOf(id) === i),
    branch: branch?.startsWith(QUEUE) === true ? null : branch,
    mergedTo: mergedToOf(payload, into.ref === null ? branchIn(env['GITHUB_REF']) : null),
    base: into.ref,
    aside: asideOf(into.branch, payload),
    attempt: Number(attemptOf(env)),
    runUrl: runUrlOf(env),
    pullRequest: pullRequestOf(payload),
  };
}

/** What this is to be merged into: a commit or a branch, and the branch by its name, as far as it is known. */
interface Base {
  readonly ref: string | null;
  readonly branch: string | null;
}

/** @param pushed the branch that was pushed */
function baseOf(payload: Payload, pushed: string | null): Base {
  const { pull_request: pull, merge_group: group, repository } = payload;
  if (pull !== undefined && pull !== null) return { ref: pull.base.sha, branch: pull.base.ref ?? null };
  if (payload.workflow_run !== undefined && payload.workflow_run !== null) return baseOfFollower(payload);
  const queue = pushed?.startsWith(QUEUE) === true ? pushed.slice(QUEUE.length) : null;
  const queued = queue === null ? null : (/^(.+)\/pr-\d+-[0-9a-f]+$/.exec(queue)?.[1] ?? repository?.default_branch);
  const branch = branchIn(group?.base_ref) ?? queued ?? null;
  if (branch === null && (queue !== null || (group !== undefined && group !== null))) {
    throw untrusted(
      'what the merge queue is to merge this into cannot be told.',
      'Run on pull_request and push instead.',
    );
  }
  return { ref: branch, branch };
}

/** @param current the branch that the run is on, where people have agreed to its files */
function mergedToOf({ action, pull_request: pull }: Payload, current: string | null): string | null {
  if (pull === undefined || pull === null) return current?.startsWith(QUEUE) === true ? null : current;
  return action === 'closed' && pull.merged === true ? (pull.base.ref ?? null) : null;
}

/**
 * A run that follows another one has the secrets of the default branch, and its workflow may check out what that other run
 * was of. Only where that was the default branch itself is it agreed to; of a third run in a row nobody tells what the first
 * was of.
 */
function baseOfFollower({ workflow_run: cause, repository }: Payload): Base {
  const branch = repository?.default_branch ?? null;
  if (branch === null) {
    throw untrusted(
      'which branch is the default one, by which the files of a workflow_run are measured, cannot be told.',
      'Run on pull_request and push instead.',
    );
  }
  const isAgreed = cause?.head_branch === branch && cause.event !== 'workflow_run';
  return isAgreed ? { ref: null, branch: null } : { ref: branch, branch };
}

function asideOf(branch: string | null, { repository }: Payload): Occasion['aside'] {
  const defaultBranch = repository?.default_branch ?? null;
  if (branch === null || defaultBranch === null || branch === defaultBranch) return null;
  return { branch, defaultBranch };
}

function payloadOf(path: string | undefined): Payload {
  if (path === undefined || path === '' || !existsSync(path)) return {};
  try {
    return Payload.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (cause) {
    throw new Failure('invalid-input', 'Cannot read the payload of the event that started this run.', {
      remedy: 'Run the workflow again; if it stays, open an issue that names the event.',
      cause,
    });
  }
}

/** The name of a branch; null for tags and everything else. */
function branchIn(ref: string | undefined): string | null {
  return ref?.startsWith(BRANCH) === true ? ref.slice(BRANCH.length) : null;
}

/** Events that give a run secrets, and let somebody without rights cause it or an unmerged branch write what it reads. */
function refuseUnsafe(event: string, payload: Payload): void {
  const { pull_request: pull, workflow_run: cause } = payload;
  if (event === 'pull_request_target' && pull !== undefined && pull !== null && isFork(pull)) {
    throw untrusted(
      `pull_request_target runs with the secrets of this repository, and pull request ${pull.number} comes from a fork.`,
      'Use the event pull_request: for forks it gives an offline plan, without secrets.',
    );
  }
  if (cause?.event.startsWith('pull_request') === true) {
    throw untrusted(
      `workflow_run runs with the secrets of the default branch, and the run that caused it is of a pull request (${cause.event}): credentials would go where the file of a branch says that is not merged.`,
      'Use the event pull_request to plan, which measures the file by the base branch and writes the comment, and push to apply.',
    );
  }
  if (event === 'issue_comment') {
    throw untrusted(
      'issue_comment runs with the secrets of this repository for everybody who may comment, and says nothing of the commit that they saw.',
      'Use pull_request to plan and push to apply; to apply by hand, workflow_dispatch with `approved-plan`.',
    );
  }
}

function untrusted(what: string, remedy: string): Failure {
  return new Failure('untrusted-pull-request', `Refused: ${what}`, { remedy });
}

function isFork({ head, base }: NonNullable<Payload['pull_request']>): boolean {
  return head.repo?.full_name !== base.repo.full_name;
}

function pullRequestOf({ action, pull_request: found }: Payload): PullRequest | null {
  if (found === undefined || found === null) return null;
  return {
    number: found.number,
    foreign: isFork(found) || found.user?.login === 'dependabot[bot]',
    closed: action === 'closed',
    merged: action === 'closed' && found.merged === true,
  };
}

function runUrlOf(env: Environment): string {
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository, GITHUB_RUN_ID: run } = env;
  if (server === undefined || repository === undefined || run === undefined) return `process ${process.pid}`;
  return `${server}/${repository}/actions/runs/${run}/attempts/${attemptOf(env)}`;
}

function attemptOf(env: Environment): string {
  const text = env['GITHUB_RUN_ATTEMPT'] ?? '';
  return /^\d+$/.test(text) ? text : '1';
}
