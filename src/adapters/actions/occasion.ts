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
      user: z.object({ login: z.string() }).nullish(),
      base: z.object({ sha: z.string(), repo: Repository }),
      head: z.object({ sha: z.string(), repo: Repository.nullable() }),
    })
    .nullish(),
});

/**
 * What made the run happen, from GitHub's environment and the event's payload.
 * Throws Failure `invalid-input` for a payload that cannot be read, `untrusted-pull-request` for pull_request_target with
 * the head of a fork: such a run has secrets, and what it looks at was written by a stranger.
 */
export function readOccasion(env: Environment): Occasion {
  const event = env['GITHUB_EVENT_NAME'] ?? '';
  const payload = payloadOf(env['GITHUB_EVENT_PATH']);
  const pullRequest = pullRequestOf(payload, event);
  const ref = env['GITHUB_REF'] ?? '';
  return {
    event,
    // GITHUB_SHA of a pull request is a merge that GitHub tries and nobody knows.
    commit: payload.pull_request?.head.sha ?? env['GITHUB_SHA'] ?? '',
    branch: event === 'push' && ref.startsWith('refs/heads/') ? ref.slice('refs/heads/'.length) : null,
    runUrl: runUrlOf(env),
    pullRequest,
  };
}

function payloadOf(path: string | undefined): z.infer<typeof Payload> {
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

function pullRequestOf(payload: z.infer<typeof Payload>, event: string): PullRequest | null {
  const found = payload.pull_request;
  if (found === undefined || found === null) return null;
  const isFork = found.head.repo?.full_name !== found.base.repo.full_name;
  if (event === 'pull_request_target' && isFork) {
    throw new Failure(
      'untrusted-pull-request',
      `Refused: pull_request_target runs with the secrets of this repository, and pull request ${found.number} comes from a fork.`,
      { remedy: 'Use the event pull_request: for forks it gives an offline plan, without secrets.' },
    );
  }
  return {
    number: found.number,
    base: found.base.sha,
    foreign: isFork || found.user?.login === 'dependabot[bot]',
    closed: payload.action === 'closed',
  };
}

function runUrlOf(env: Environment): string {
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository, GITHUB_RUN_ID: run } = env;
  if (server === undefined || repository === undefined || run === undefined) return `process ${process.pid}`;
  const attempt = env['GITHUB_RUN_ATTEMPT'] ?? '1';
  return `${server}/${repository}/actions/runs/${run}/attempts/${attempt}`;
}
