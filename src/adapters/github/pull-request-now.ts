import { z } from 'zod';
import type { PullRequestNow } from '../../ports/github.ts';
import { type Errand, refusedWith } from './errors.ts';
import type { Repository } from './repository.ts';
import type { Visit } from './requests.ts';

const PULL = z.object({ data: z.object({ state: z.string(), head: z.object({ sha: z.string() }) }) });
const BRANCH = z.object({ data: z.object({ protected: z.boolean() }) });

export async function pullRequestNow(
  repository: Repository,
  visit: Visit,
  pullRequest: number,
): Promise<PullRequestNow> {
  const errand: Errand = { doing: `look at pull request ${pullRequest}`, permission: 'pull-requests: read' };
  const { data } = await repository.requests.send(visit, errand, PULL, (octokit, request) =>
    octokit.rest.pulls.get({ ...repository.name, pull_number: pullRequest, request }),
  );
  return { isOpen: data.state === 'open', head: data.head.sha };
}

export async function isProtected(repository: Repository, visit: Visit, branch: string): Promise<boolean> {
  const errand: Errand = { doing: `learn whether the branch ${branch} is protected`, permission: 'contents: read' };
  try {
    const { data } = await repository.requests.send(visit, errand, BRANCH, (octokit, request) =>
      octokit.rest.repos.getBranch({ ...repository.name, branch, request }),
    );
    return data.protected;
  } catch (thrown) {
    if (refusedWith(thrown) !== 404) throw thrown;
    return false;
  }
}
