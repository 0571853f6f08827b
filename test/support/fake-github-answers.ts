import type { Context, Request } from 'openapi-backend';
import { isPermitted } from './fake-github-permissions.ts';
import { fieldsOf, objectOf } from './fake-github-schema.ts';
import type { FakeComment, FakeIssue, FakePull, FakeState } from './fake-github-state.ts';

export interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What GitHub refuses, or fails to do, as it says it. */
export function refusal(status: number, message: string, more: Readonly<Record<string, unknown>> = {}): Answer {
  return { status, body: { message, documentation_url: 'https://docs.github.com/rest', status: `${status}`, ...more } };
}

const NOT_FOUND = refusal(404, 'Not Found');

/** Of comments and issues, in characters. */
const LONGEST = { title: 256, body: 65_536 } as const;

/** What GitHub refuses a token with that is no user's, or that lacks a permission. */
export const NOT_BY_INTEGRATION = 'Resource not accessible by integration';

/** Carries out one operation of the REST API, or a GraphQL query, on the state. */
export function carryOut(state: FakeState, asked: Context | Request): Answer {
  if (!('operation' in asked)) return graphql(state, fieldsOf(asked.body));
  const { params, query, requestBody } = asked.request;
  const body = fieldsOf(requestBody);
  const number = Number(params['issue_number'] ?? params['comment_id']);
  if (params['owner'] !== undefined && `${params['owner']}/${params['repo']}` !== state.repository) return NOT_FOUND;
  const long = (['title', 'body'] as const).find((field) => lengthOf(body[field]) > LONGEST[field]);
  if (long !== undefined) return invalid(long, `${long} is too long (maximum is ${LONGEST[long]} characters)`);
  const operation = asked.operation.operationId ?? '';
  switch (operation) {
    case 'users/get-authenticated':
      return state.login.endsWith('[bot]')
        ? refusal(403, NOT_BY_INTEGRATION)
        : { status: 200, body: objectOf('public-user', { login: state.login }) };
    case 'issues/list-comments':
      return { status: 200, body: state.comments.filter((one) => one.on === number).map(commentBody) };
    case 'issues/create-comment':
      return { status: 201, body: commentBody(addComment(state, number, String(body['body']))) };
    case 'issues/update-comment':
      return editComment(state, number, String(body['body']));
    case 'issues/list-for-repo':
      return { status: 200, body: listIssues(state, query).map(issueBody) };
    case 'issues/create':
      return { status: 201, body: issueBody(openIssue(state, body)) };
    case 'issues/update':
      return editIssue(state, number, body);
    case 'issues/create-label':
      return createLabel(state, body);
    case 'repos/list-pull-requests-associated-with-commit':
      return pullsOf(state, String(params['commit_sha']));
    case 'pulls/get':
      return { status: 200, body: pullNow(state, Number(params['pull_number'])) };
    case 'repos/get-branch':
      return branchOf(state, String(params['branch']));
    case 'pulls/list-files':
      return filesOf(state, Number(params['pull_number']));
    case 'repos/get-content':
      return contentOf(state, String(params['path']), String(query['ref']));
    case 'repos/get-commit':
      return commitOf(state, String(params['ref']));
    default:
      return refusal(501, `The fake has no ${operation}.`);
  }
}

function lengthOf(text: unknown): number {
  return typeof text === 'string' ? text.length : 0;
}

function invalid(field: string, message: string): Answer {
  return refusal(422, 'Validation Failed', { errors: [{ resource: 'Issue', code: 'custom', field, message }] });
}

function addComment(state: FakeState, on: number, body: string): FakeComment {
  const comment: FakeComment = { id: state.next++, on, author: state.login, body, editor: null };
  state.comments.push(comment);
  return comment;
}

function editComment(state: FakeState, id: number, body: string): Answer {
  const comment = state.comments.find((one) => one.id === id);
  if (comment === undefined) return NOT_FOUND;
  Object.assign(comment, { body, editor: state.login });
  return { status: 200, body: commentBody(comment) };
}

function commentBody({ id, on, author, body }: FakeComment): unknown {
  return objectOf('issue-comment', {
    id,
    node_id: `IC_${id}`,
    html_url: `https://github.test/pull/${on}#issuecomment-${id}`,
    body,
    user: objectOf('simple-user', { login: author }),
  });
}

/** Newest first, as GitHub does. */
function listIssues(state: FakeState, query: Context['request']['query']): readonly FakeIssue[] {
  const wanted = String(query['state'] ?? 'open');
  const label = query['labels'];
  const creator = query['creator'];
  return state.issues
    .filter((issue) => wanted === 'all' || issue.state === wanted)
    .filter((issue) => label === undefined || issue.labels.includes(String(label)))
    .filter((issue) => creator === undefined || issue.author === creator)
    .toReversed();
}

function openIssue(state: FakeState, wanted: Record<string, unknown>): FakeIssue {
  const labels = Array.isArray(wanted['labels']) ? wanted['labels'].map(String) : [];
  const text = { title: String(wanted['title']), body: String(wanted['body']) };
  const issue: FakeIssue = { number: state.next++, author: state.login, labels, ...text, state: 'open', reason: null };
  state.issues.push(issue);
  return issue;
}

function editIssue(state: FakeState, number: number, change: Record<string, unknown>): Answer {
  const issue = state.issues.find((one) => one.number === number);
  if (issue === undefined) return NOT_FOUND;
  if (typeof change['title'] === 'string') issue.title = change['title'];
  if (typeof change['body'] === 'string') issue.body = change['body'];
  const { state: wanted } = change;
  if ((wanted === 'open' || wanted === 'closed') && wanted !== issue.state) {
    issue.state = wanted;
    issue.reason = wanted === 'open' ? 'reopened' : 'completed';
  }
  return { status: 200, body: issueBody(issue) };
}

function issueBody({ number, title, body, state, reason, author, labels }: FakeIssue): unknown {
  const html_url = `https://github.test/issues/${number}`;
  return objectOf('issue', {
    id: number,
    number,
    title,
    body,
    state,
    // GitHub says null then, which its own description has not among the values.
    ...(reason === null ? {} : { state_reason: reason }),
    html_url,
    labels,
    user: objectOf('simple-user', { login: author }),
  });
}

function createLabel(state: FakeState, { name }: Record<string, unknown>): Answer {
  if (state.labels.has(String(name))) {
    return refusal(422, 'Validation Failed', {
      errors: [{ resource: 'Label', code: 'already_exists', field: 'name' }],
    });
  }
  state.labels.add(String(name));
  return { status: 201, body: objectOf('label', { name }) };
}

function pullsOf(state: FakeState, commit: string): Answer {
  const found = state.pulls.filter((pull) => pull.commits.includes(commit) && isKnown(pull));
  return { status: 200, body: found.map((pull) => pullBody(pull, commit)) };
}

function isKnown(pull: FakePull): boolean {
  if (pull.unknownFor === undefined || pull.unknownFor === 0) return true;
  pull.unknownFor -= 1;
  return false;
}

function pullBody({ number, base, merged }: FakePull, commit: string): unknown {
  const empty = objectOf('pull-request-simple', {});
  return {
    ...empty,
    number,
    state: merged ? 'closed' : 'open',
    merged_at: merged ? '2026-01-02T03:04:05Z' : null,
    merge_commit_sha: commit,
    base: { ...fieldsOf(empty['base']), ref: base },
  };
}

/** One that nobody has told of is open. */
function pullNow({ pulls, heads }: FakeState, number: number): unknown {
  const empty = objectOf('pull-request', {});
  const isMerged = pulls.some((pull) => pull.number === number && pull.merged);
  const head = { ...fieldsOf(empty['head']), sha: heads.get(number) ?? 'a'.repeat(40) };
  return { ...empty, number, state: isMerged ? 'closed' : 'open', merged: isMerged, head };
}

function branchOf(state: FakeState, name: string): Answer {
  if (![...state.files.keys()].some((key) => key.startsWith(`${name}:`))) return NOT_FOUND;
  const isProtected = state.protectedBranches.has(name);
  return { status: 200, body: objectOf('branch-with-protection', { name, protected: isProtected }) };
}

function filesOf({ changedFiles }: FakeState, pull: number): Answer {
  const url = 'https://github.test/file';
  const urls = { blob_url: url, raw_url: url, contents_url: url };
  return {
    status: 200,
    body: (changedFiles.get(pull) ?? []).map((one) => objectOf('diff-entry', { ...urls, ...one })),
  };
}

function contentOf(state: FakeState, path: string, ref: string): Answer {
  const text = state.files.get(`${ref}:${path}`);
  if (text === undefined) return NOT_FOUND;
  const content = Buffer.from(text).toString('base64').replace(/.{60}/g, '$&\n');
  const file = { type: 'file', encoding: 'base64', content, path, size: text.length };
  return { status: 200, body: objectOf('content-file', file) };
}

function commitOf(state: FakeState, ref: string): Answer {
  const known = [...state.files.keys()].some((key) => key.startsWith(`${ref}:`));
  if (!known) return refusal(422, `No commit found for SHA: ${ref}`);
  return { status: 200, body: objectOf('commit', { sha: ref }) };
}

/** GraphQL puts its refusals into an answer of status 200. */
function without(type: string, message: string): Answer {
  return { status: 200, body: { data: { node: null }, errors: [{ type, path: ['node'], message }] } };
}

function graphql(state: FakeState, { query, variables }: Record<string, unknown>): Answer {
  if (String(query).includes('viewer')) return { status: 200, body: { data: { viewer: { login: state.login } } } };
  if (!isPermitted('graphql/comment', state.permissions)) return without('FORBIDDEN', NOT_BY_INTEGRATION);
  const comment = state.comments.find((one) => `IC_${one.id}` === fieldsOf(variables)['id']);
  if (comment === undefined) return without('NOT_FOUND', 'No such node.');
  const { body, editor } = comment;
  const node = { body, lastEditedAt: editor === null ? null : '2026-01-02T03:04:05Z', editor: actorOf(editor) };
  return { status: 200, body: { data: { node } } };
}

/** GraphQL has apps without the `[bot]` of REST. */
function actorOf(login: string | null): unknown {
  if (login === null) return null;
  return login.endsWith('[bot]') ? { kind: 'Bot', login: login.replace('[bot]', '') } : { kind: 'User', login };
}
