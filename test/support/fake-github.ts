import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type Context, OpenAPIBackend, type Request } from 'openapi-backend';
import { type Answer, carryOut, NOT_BY_INTEGRATION, refusal } from './fake-github-answers.ts';
import { isPermitted } from './fake-github-permissions.ts';
import { fieldsOf, GITHUB_API } from './fake-github-schema.ts';
import type { FakeState } from './fake-github-state.ts';

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
    validationFail: (context: Context) => wrong(context, refusal(422, 'Validation Failed'), context.validation.errors),
    notFound: (context: Context) => wrong(context, refusal(404, 'Not Found'), 'no such path'),
    methodNotAllowed: (context: Context) => wrong(context, refusal(404, 'Not Found'), 'no such method'),
    notImplemented: (context: Context): Answer =>
      isPermitted(context.operation.operationId ?? '', state.permissions)
        ? carryOut(state, context)
        : refusal(403, NOT_BY_INTEGRATION),
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
  const asked = { method, path: url, headers: headersOf(request), body };
  const fault = faultFor(`${method} ${url}`, serving.faults);
  const answer = fault !== null && fault.carriedOut !== true ? null : await answerTo(asked, serving);
  if (fault?.status === 'no-answer') response.destroy();
  else if (fault !== null) say(response, inOrder(asked, failing(fault, fault.status), serving));
  else if (answer !== null)
    say(response, unlessKnown(asked, page(inOrder(asked, answer, serving), url, request.headers.host ?? '')));
}

/**
 * Notes down what GitHub's description does not allow. Of refusals it lists some for each operation; all have a message. What
 * a proxy may say in GitHub's place, with a status of success, is a test's own affair.
 */
function inOrder(asked: Request, answer: Answer, { api, mistakes }: Serving): Answer {
  const operation = api.matchOperation(asked);
  if (operation === undefined) return answer;
  const { errors } = api.validateResponse(answer.body, operation, answer.status);
  const hasNoMessage = answer.status >= 400 && typeof fieldsOf(answer.body)['message'] !== 'string';
  const wrong = hasNoMessage ? 'a refusal without a message' : (errors ?? null);
  if (wrong !== null) mistakes.push(`${asked.method} ${asked.path} -> ${answer.status}: ${JSON.stringify(wrong)}`);
  return answer;
}

/** 304 in place of what whoever asks has seen already. */
function unlessKnown(asked: Request, answer: Answer): Answer {
  if (asked.method !== 'GET' || answer.status !== 200) return answer;
  const etag = `W/"${createHash('sha256').update(JSON.stringify(answer.body)).digest('hex')}"`;
  const headers = { ...answer.headers, etag };
  const isKnown = asked.headers['if-none-match'] === etag;
  return isKnown ? { status: 304, body: undefined, headers } : { ...answer, headers };
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

function failing({ message, body, headers = {} }: Fault, status: number): Answer {
  const answer = refusal(status, message ?? `fault ${status}`);
  return { ...answer, headers, ...(body === undefined ? {} : { body }) };
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
  response.end(body === undefined ? '' : JSON.stringify(body));
}

function headersOf(request: IncomingMessage): Record<string, string> {
  return Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
}
