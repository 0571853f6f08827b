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
}

/** Throws Failure `invalid-input` for a token or repository that cannot be one. */
export function createGitHub({ token, repository, apiUrl, redact, clock }: GitHubOptions): GitHub {
  // Of a header with other characters `fetch` makes an error that quotes it, and the token with it.
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw new Failure('invalid-input', 'The input `github-token` is empty or holds characters that no token has.', {
      remedy: 'Leave the input out to use the token of the workflow, or correct the secret it comes from.',
    });
  }
  const requests = new Requests(token, apiUrl, clock);
  const here = new Repository(requests, repository, redact);
  return {
    findComment: async (pullRequest, marker, { signal }) =>
      findComment(here, requests.begin(signal), pullRequest, marker),
    ownComments: async (pullRequest, mark, { signal }) =>
      listOwnComments(here, requests.begin(signal), pullRequest, mark),
    putComment: async (pullRequest, marker, body, { signal }) =>
      putComment(here, requests.begin(signal), pullRequest, { marker, body }),
    mergedPullRequests: (commits, branch, marker, { signal, patient }) =>
      mergedPullRequests(here, () => requests.begin(signal), { commits, branch, patient }, marker),
    pullRequestNow: async (pullRequest, { signal }) => pullRequestNow(here, requests.begin(signal), pullRequest),
    isProtected: async (branch, { signal }) => isProtected(here, requests.begin(signal), branch),
    leftFiles: async (pullRequest, { signal }) => leftFiles(here, requests.begin(signal), pullRequest),
    readFile: async (path, ref, { signal }) => readFile(here, requests.begin(signal), path, ref),
    keepIssue: async (marker, wanted, { signal }) => keepIssue(here, requests.begin(signal), marker, wanted),
  };
}
