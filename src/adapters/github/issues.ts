import { z } from 'zod';
import { type Errand, refusedWith } from './errors.ts';
import type { Repository } from './repository.ts';
import type { Visit } from './requests.ts';

/** All drift issues carry it, so that finding ours does not mean reading every issue of the repository. */
const LABEL = 'redis-cluster-drift';

/** Somebody has read it and wants to hear no more of just this. */
const DISMISSED = 'not_planned';

const ISSUE = z.object({
  number: z.number(),
  html_url: z.string(),
  title: z.string(),
  body: z.string().nullable().default(null),
  state: z.string(),
  state_reason: z.string().nullish(),
  user: z.object({ login: z.string() }).nullable(),
  pull_request: z.unknown().optional(),
});
type Issue = z.infer<typeof ISSUE>;

const WRITTEN = z.object({ data: ISSUE });
const ANYTHING = z.unknown();

export type Wanted =
  | { readonly title: string; readonly body: string; readonly head: string }
  | { readonly close: string };

/** The URL of the issue as it is afterwards; null when there is none. */
export async function keepIssue(
  repository: Repository,
  visit: Visit,
  marker: string,
  wanted: Wanted,
): Promise<string | null> {
  if ('close' in wanted) {
    const issue = await findIssue(repository, visit, marker);
    if (issue?.state === 'open') await close(repository, visit, issue, repository.outgoing(wanted.close));
    return issue?.html_url ?? null;
  }
  const text = { title: repository.outgoing(wanted.title), body: repository.outgoing(wanted.body) };
  const issue = await findIssue(repository, visit, marker);
  if (issue === null) return open(repository, visit, marker, text);
  const isShown = issue.state === 'open' || issue.state_reason === DISMISSED;
  const isSame = isShown && issue.body?.startsWith(repository.outgoing(wanted.head)) === true;
  return isSame ? issue.html_url : edit(repository, visit, issue.number, { ...text, state: 'open' });
}

/**
 * Ours by author and marker; of several an open one, else the newest, which GitHub lists first. People take labels away: an
 * open one is looked for without, too.
 */
async function findIssue(repository: Repository, visit: Visit, marker: string): Promise<Issue | null> {
  let closed: Issue | null = null;
  for await (const issue of ownIssues(repository, visit, marker, { labels: LABEL, state: 'all' })) {
    if (issue.state === 'open') return issue;
    closed ??= issue;
  }
  const creator = await repository.login(visit);
  for await (const issue of ownIssues(repository, visit, marker, { creator, state: 'open' })) return issue;
  return closed;
}

async function* ownIssues(
  repository: Repository,
  visit: Visit,
  marker: string,
  which: { labels?: string; creator?: string; state: 'all' | 'open' },
): AsyncGenerator<Issue> {
  const login = await repository.login(visit);
  const mark = repository.outgoing(marker);
  const errand: Errand = { doing: `look for the issue with the label ${LABEL}`, permission: 'issues: write' };
  const all = repository.requests.pages(visit, errand, ISSUE, (octokit, options) =>
    octokit.rest.issues.listForRepo({ ...repository.name, ...which, ...options }),
  );
  for await (const issue of all) {
    if (issue.pull_request === undefined && issue.user?.login === login && issue.body?.startsWith(mark)) yield issue;
  }
}

async function open(
  repository: Repository,
  visit: Visit,
  marker: string,
  text: { title: string; body: string },
): Promise<string> {
  await createLabel(repository, visit);
  const errand: Errand = { doing: `open the issue "${text.title}"`, permission: 'issues: write' };
  const written = await repository.requests.send(visit, errand, WRITTEN, async (octokit, request, attempt) => {
    // After a lost answer it may be there already.
    const there = attempt === 0 ? null : await findIssue(repository, visit, marker);
    if (there !== null) return { data: there };
    return octokit.rest.issues.create({ ...repository.name, ...text, labels: [LABEL], request });
  });
  return written.data.html_url;
}

async function createLabel(repository: Repository, visit: Visit): Promise<void> {
  const errand: Errand = { doing: `create the label ${LABEL}`, permission: 'issues: write' };
  const description = 'A Redis Cluster is not as declared';
  try {
    await repository.requests.send(visit, errand, ANYTHING, (octokit, request) =>
      octokit.rest.issues.createLabel({ ...repository.name, name: LABEL, color: 'd93f0b', description, request }),
    );
  } catch (thrown) {
    // 422: it already exists.
    if (refusedWith(thrown) !== 422) throw thrown;
  }
}

async function edit(
  repository: Repository,
  visit: Visit,
  number: number,
  change: { title?: string; body?: string; state: 'open' | 'closed' },
): Promise<string> {
  const errand: Errand = { doing: `edit issue ${number}`, permission: 'issues: write' };
  const written = await repository.requests.send(visit, errand, WRITTEN, (octokit, request) =>
    octokit.rest.issues.update({ ...repository.name, issue_number: number, ...change, request }),
  );
  return written.data.html_url;
}

/** The word comes first: an issue that is closed without one tells nobody why. Said twice after a lost answer, it does no harm. */
async function close(repository: Repository, visit: Visit, issue: Issue, body: string): Promise<void> {
  const errand: Errand = { doing: `comment on issue ${issue.number}`, permission: 'issues: write' };
  await repository.requests.send(visit, errand, ANYTHING, (octokit, request) =>
    octokit.rest.issues.createComment({ ...repository.name, issue_number: issue.number, body, request }),
  );
  await edit(repository, visit, issue.number, { state: 'closed' });
}
