import { Failure } from '../../core/failure.ts';
import type { Clock } from '../../ports/clock.ts';
import type { GitHub } from '../../ports/github.ts';
import { mergedPullRequests } from './approval.ts';
import { findComment, listOwnComments, putComment } from './comments.ts';
import { readFile } from './files.ts';
import { keepIssue } from './issues.ts';
import { leftFiles } from './left-files.ts';
import { isProtected, pullRequestNow } from './pull-request-now.ts';
import { Repository } from './repository.ts';
import { Requests } from './requests.ts';

export interface GitHubOptions {
  readonly token: string;
  /** `owner/name` */
  readonly repository: string;
  /** `https://api.github.com` */
  readonly apiUrl: string;
  /** Takes the secrets out of a text; every text passes it before it leaves. */
  readonly redact: (text: string) => string;
  readonly clock: Clock;
  /** Told when a rate limit is waited for. */
  readonly waiting: (text: string) => void;
}

/** Throws Failure `invalid-input` for a token or repository that cannot be one. */
export function createGitHub({ token, repository, redact, ...more }: GitHubOptions): GitHub {
  // Of a header with other characters `fetch` makes an error that quotes it, and the token with it.
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw new Failure('invalid-input', 'The input `github-token` is empty or holds characters that no token has.', {
      remedy: 'Leave the input out to use the token of the workflow, or correct the secret it comes from.',
    });
  }
  const requests = new Requests({ token, ...more });
  const here = new Repository(requests, repository, redact);
  return {
    findComment: async (pullRequest, marker, asked) => findComment(here, requests.begin(asked), pullRequest, marker),
    ownComments: async (pullRequest, mark, asked) => listOwnComments(here, requests.begin(asked), pullRequest, mark),
    putComment: async (pullRequest, marker, body, { again = false, ...asked }) =>
      putComment(here, requests.begin(asked), pullRequest, { marker, body, again }),
    mergedPullRequests: (commits, branch, marker, { patient, ...asked }) =>
      mergedPullRequests(here, () => requests.begin(asked), { commits, branch, patient }, marker),
    pullRequestNow: async (pullRequest, asked) => pullRequestNow(here, requests.begin(asked), pullRequest),
    isProtected: async (branch, asked) => isProtected(here, requests.begin(asked), branch),
    leftFiles: async (pullRequest, asked) => leftFiles(here, requests.begin(asked), pullRequest),
    readFile: async (path, ref, asked) => readFile(here, requests.begin(asked), path, ref),
    keepIssue: async (marker, wanted, asked) => keepIssue(here, requests.begin(asked), marker, wanted),
  };
}
