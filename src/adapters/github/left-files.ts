import { z } from 'zod';
import type { LeftFile } from '../../ports/github.ts';
import type { Errand } from './errors.ts';
import type { Repository } from './repository.ts';
import type { Visit } from './requests.ts';

const CHANGED = z.object({ filename: z.string(), status: z.string(), previous_filename: z.string().optional() });

/** The files that a pull request deletes or moves. GitHub lists at most 3,000 files of one. */
export async function leftFiles(
  repository: Repository,
  visit: Visit,
  pullRequest: number,
): Promise<readonly LeftFile[]> {
  const errand: Errand = { doing: `list the files of pull request ${pullRequest}`, permission: 'pull-requests: read' };
  const all = repository.requests.pages(visit, errand, CHANGED, (octokit, options) =>
    octokit.rest.pulls.listFiles({ ...repository.name, pull_number: pullRequest, ...options }),
  );
  const left: LeftFile[] = [];
  for await (const { filename, status, previous_filename: former } of all) {
    if (status === 'removed') left.push({ path: filename, to: null });
    if (status === 'renamed' && former !== undefined) left.push({ path: former, to: filename });
  }
  return left;
}
