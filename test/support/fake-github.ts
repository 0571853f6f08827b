import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type Context, OpenAPIBackend, type Request } from 'openapi-backend';
import { type Answer, carryOut, NOT_BY_INTEGRATION } from './fake-github-answers.ts';
import { isPermitted } from './fake-github-permissions.ts';
import { GITHUB_API } from './fake-github-schema.ts';

export interface FakeComment {
  readonly id: number;
  /** Of the pull request or issue. */
  readonly on: number;
  readonly author: string;
  body: string;
  /** Who edited it last; null when nobody did. */
  editor: string | null;
}

export interface FakeIssue {
  readonly number: number;
  readonly author: string;
  readonly labels: string[];
  title: string;
  body: string;
  state: 'open' | 'closed';
  /** Why it is closed, or opened again. */
  reason: string | null;
}

export interface FakePull {
  readonly number: number;
  /** The branch it goes to. */
  readonly base: string;
  readonly merged: boolean;
  /** Commits for which GitHub lists this pull request. */
  readonly commits: readonly string[];
  /** How often it is not listed yet: GitHub learns where a commit came from apart from the merge. */
  unknownFor?: number;
}

/** A file that a pull request changes. */
export interface FakeChange {
  readonly filename: string;
  readonly status: 'added' | 'removed' | 'modified' | 'renamed';
  readonly previous_filename?: string;
}

/** Makes requests fail whose `METHOD /path` matches. */
export interface Fault {
  readonly on: RegExp;
  /** `no-answer` breaks the connection off. */
  readonly status: number | 'no-answer';
  readonly message?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** In place of an object with the message: GraphQL tells of its errors in a body of status 200. */
  readonly body?: unknown;
  /** How many such requests pass before. */
  after?: number;
  /** How often; always when left out. */
  times?: number;
  /** The request is carried out all the same; only its answer is lost. */
  readonly carriedOut?: boolean;
}

/** As `permissions:` of a workflow's job has it. */
export type Permissions = Readonly<Record<string, 'read' | 'write'>>;

export interface FakeState {
  /** What the token may do; null: everything. */
  permissions: Permissions | null;
  /** The login behind the token; ends in `[bot]` for an app's. */
  readonly login: string;
  /** `owner/name` */
  readonly repository: string;
  readonly comments: FakeComment[];
  readonly issues: FakeIssue[];
  readonly labels: Set<string>;
  readonly pulls: FakePull[];
  /** Of pull requests, by their numbers. */
  readonly changedFiles: Map<number, readonly FakeChange[]>;
  /** The newest commits of pull requests, by their numbers; 40 times `a` where none is told. */
  readonly heads: Map<number, string>;
  readonly protectedBranches: Set<string>;
  /** Keys are `ref:path`. */
  readonly files: Map<string, string>;
  /** The next id or number. */
  next: number;
}

export interface SeenRequest {
  /** `GET /repos/acme/cache/issues?page=1` */
  readonly line: string;
  readonly authorization: string;
  readonly body: unknown;
}

export interface FakeGitHub extends AsyncDisposable, FakeState {
  readonly url: string;
  readonly requests: readonly SeenRequest[];
  readonly faults: Fault[];
  /** Requests and answers that GitHub's own description does not allow. A test expects none. */
  readonly mistakes: readonly string[];
}

/**
 * A GitHub on 127.0.0.1 that keeps what it is told and checks every request and answer by GitHub's description of its API
 * (test/fixtures/github-openapi.json, cut from the npm package @octokit/openapi 23.0.2).
 */
export async function startFakeGitHub(
  options: { login?: string; repository?: string; files?: Readonly<Record<string, string>> } = {},
): Promise<FakeGitHub> {
  const state: FakeState = {
    permissions: null,
    login: options.login ?? 'github-actions[bot]',
    repository: options.repository ?? 'acme/cache',
    comments: [],
    issues: [],
    labels: new Set(),
    pulls: [],
    files: new Map(Object.entries(options.files ?? {})),
    changedFiles: new Map(),
    heads: new Map(),
    protectedBranches: new Set(),
    next: 1000,
  };
  const requests: SeenRequest[] = [];
  const faults: Fault[] = [];
  const mistakes: string[] = [];
  const seen = { requests, faults, mistakes };
  const api = await checked(state, seen.mistakes);
  const server = createServer((request, response) => {
    void serve(request, response, { api, state, ...seen });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The fake GitHub has no port.');
  return Object.assign(state, seen, {
    url: `http://127.0.0.1:${address.port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}

async function checked(state: FakeState, mistakes: string[]): Promise<OpenAPIBackend> {
  const api = new OpenAPIBackend({
    definition: GITHUB_API,
    quick: true,
    ajvOpts: { strict: false, validateFormats: false },
  });
  const wrong = (context: Context, answer: Answer, why: unknown): Answer => {
    mistakes.push(`${context.request.method} ${context.request.path}: ${JSON.stringify(why)}`);
    return answer;
  };
  api.register({
    validationFail: (context: Context) =>
      wrong(context, { status: 422, body: { message: 'Validation Failed' } }, context.validation.errors),
    notFound: (context: Context) => wrong(context, { status: 404, body: { message: 'Not Found' } }, 'no such path'),
    methodNotAllowed: (context: Context) =>
      wrong(context, { status: 404, body: { message: 'Not Found' } }, 'no such method'),
    notImplemented: (context: Context): Answer => {
      if (!isPermitted(context.operation.operationId ?? '', state.permissions)) {
        return { status: 403, body: { message: NOT_BY_INTEGRATION } };
      }
      const answer = carryOut(state, context);
      if (answer.status >= 400) return answer;
      const errors = api.validateResponse(answer.body, context.operation, answer.status).errors;
      return errors === null || errors === undefined ? answer : wrong(context, { status: 500, body: {} }, errors);
    },
  });
  await api.init();
  return api;
}

interface Serving {
  readonly api: OpenAPIBackend;
  readonly state: FakeState;
  readonly requests: SeenRequest[];
  readonly faults: Fault[];
  readonly mistakes: string[];
}

async function serve(request: IncomingMessage, response: ServerResponse, serving: Serving): Promise<void> {
  let text = '';
  for await (const part of request) text += String(part);
  const { method = '', url = '' } = request;
  const body: unknown = text === '' ? undefined : JSON.parse(text);
  serving.requests.push({ line: `${method} ${url}`, authorization: request.headers.authorization ?? '', body });
  const fault = faultFor(`${method} ${url}`, serving.faults);
  if (fault !== null && fault.carriedOut !== true) return fail(fault, response);
  const answer = await answerTo({ method, path: url, headers: headersOf(request), body }, serving);
  if (fault !== null) return fail(fault, response);
  say(response, page(answer, url, request.headers.host ?? ''));
}

function faultFor(line: string, faults: readonly Fault[]): Fault | null {
  const fault = faults.find((one) => one.on.test(line) && one.times !== 0);
  if (fault?.after !== undefined && fault.after > 0) {
    fault.after -= 1;
    return null;
  }
  if (fault?.times !== undefined) fault.times -= 1;
  return fault ?? null;
}

function fail(fault: Fault, response: ServerResponse): void {
  if (fault.status === 'no-answer') {
    response.destroy();
    return;
  }
  const headers = fault.headers ?? {};
  const body = fault.body ?? { message: fault.message ?? `fault ${fault.status}` };
  say(response, { status: fault.status, body, headers });
}

async function answerTo(request: Request, { api, state }: Serving): Promise<Answer> {
  return request.path === '/graphql' ? carryOut(state, request) : api.handleRequest(request);
}

/** Cuts a list into pages as GitHub does, with a Link header. */
function page(answer: Answer, url: string, host: string): Answer {
  if (!Array.isArray(answer.body)) return answer;
  const at = new URL(url, `http://${host}`);
  const number = Number(at.searchParams.get('page') ?? 1);
  const size = Math.min(100, Number(at.searchParams.get('per_page') ?? 30));
  const body = answer.body.slice((number - 1) * size, number * size);
  if (number * size >= answer.body.length) return { ...answer, body };
  at.searchParams.set('page', `${number + 1}`);
  return { ...answer, body, headers: { link: `<${at.href}>; rel="next"` } };
}

function say(response: ServerResponse, { status, body, headers }: Answer): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers });
  response.end(JSON.stringify(body));
}

function headersOf(request: IncomingMessage): Record<string, string> {
  return Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
}
