import { z } from 'zod';
import { Failure } from '../../core/failure.ts';

/** What a workflow's `permissions` must hold. */
export type Permission = 'pull-requests: read' | 'pull-requests: write' | 'issues: write' | 'contents: read';

/** One thing asked of GitHub. `doing` follows "Cannot". */
export interface Errand {
  readonly doing: string;
  readonly permission: Permission;
}

/** What an error of a request means. */
export type Trouble =
  /** Asking again changes nothing. */
  | { readonly kind: 'refused'; readonly status: number; readonly said: string }
  /** A rate limit: not carried out. `wait` in milliseconds, null where GitHub names no time. */
  | { readonly kind: 'limited'; readonly said: string; readonly wait: number | null }
  /** No answer, or a server error: nobody knows whether it was carried out. */
  | { readonly kind: 'down'; readonly said: string };

const HEADERS = z.record(z.string(), z.union([z.string(), z.number()]).optional());
const HTTP_ERROR = z.object({
  name: z.literal('HttpError'),
  status: z.number(),
  message: z.string(),
  response: z.object({ headers: HEADERS, data: z.unknown() }).optional(),
});
const GRAPHQL_ERROR = z.object({
  name: z.literal('GraphqlResponseError'),
  headers: HEADERS,
  errors: z.array(z.object({ type: z.string().optional(), message: z.string() })).min(1),
});
const SAID = z.object({ message: z.string() });

/** Null for what is no error of a request. `now` in milliseconds since the epoch. */
export function troubleOf(thrown: unknown, now: number): Trouble | null {
  const http = HTTP_ERROR.safeParse(thrown).data;
  if (http !== undefined) return ofHttp(http, now);
  const graphql = GRAPHQL_ERROR.safeParse(thrown).data;
  if (graphql !== undefined) return ofGraphql(graphql, now);
  return null;
}

/** The status with which GitHub refused what a Failure tells of; null when it is not about that. */
export function refusedWith(failure: unknown): number | null {
  if (!(failure instanceof Failure)) return null;
  const trouble = troubleOf(failure.cause, 0);
  return trouble?.kind === 'refused' ? trouble.status : null;
}

/** Octokit gives what never came to GitHub the status 500, without a response. */
function ofHttp(error: z.infer<typeof HTTP_ERROR>, now: number): Trouble {
  if (error.response === undefined) return { kind: 'down', said: error.message };
  const { headers, data } = error.response;
  const said = SAID.safeParse(data).data?.message ?? `HTTP ${error.status}`;
  if (error.status >= 500) return { kind: 'down', said: `${error.status}: ${said}` };
  if (isLimit(error.status, headers, said)) return { kind: 'limited', said, wait: waitOf(headers, now) };
  return { kind: 'refused', status: error.status, said };
}

/** GraphQL answers 200 and puts its refusals into the body. */
function ofGraphql(error: z.infer<typeof GRAPHQL_ERROR>, now: number): Trouble {
  const types = error.errors.map((one) => one.type);
  const said = error.errors.map((one) => one.message).join(' ');
  if (types.includes('RATE_LIMITED') || types.includes('RATE_LIMIT')) {
    return { kind: 'limited', said, wait: waitOf(error.headers, now) };
  }
  // "Something went wrong while executing your query" has no type.
  if (types.every((type) => type === undefined)) return { kind: 'down', said };
  return { kind: 'refused', status: types.includes('NOT_FOUND') ? 404 : 403, said };
}

/** A limit answers 403 or 429, a missing permission 403 too: they differ in headers and words (GitHub, "Rate limits"). */
function isLimit(status: number, headers: z.infer<typeof HEADERS>, said: string): boolean {
  if (status === 429) return true;
  if (status !== 403) return false;
  return (
    headers['retry-after'] !== undefined || `${headers['x-ratelimit-remaining']}` === '0' || /rate limit/i.test(said)
  );
}

function waitOf(headers: z.infer<typeof HEADERS>, now: number): number | null {
  const seconds = Number(headers['retry-after'] ?? Number.NaN);
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1000);
  if (`${headers['x-ratelimit-remaining']}` !== '0') return null;
  const reset = Number(headers['x-ratelimit-reset'] ?? Number.NaN);
  return Number.isFinite(reset) ? Math.max(0, reset * 1000 - now) : null;
}

/** What is told when nothing more can be tried. `where` is the host of the API. */
export function failureOf(errand: Errand, trouble: Trouble, where: string, cause: unknown): Failure {
  const cannot = `Cannot ${errand.doing}:`;
  switch (trouble.kind) {
    case 'refused':
      return refusal(cannot, errand.permission, trouble, cause);
    case 'limited': {
      const wait = trouble.wait === null ? '' : ` It asks to wait ${Math.ceil(trouble.wait / 1000)} s.`;
      return new Failure('github-error', `${cannot} GitHub limits the rate of requests: "${trouble.said}".${wait}`, {
        remedy: 'Run again later. If it comes often, let fewer workflows share one token.',
        cause,
      });
    }
    case 'down':
      return new Failure('github-error', `${cannot} GitHub at ${where} gave no usable answer: "${trouble.said}".`, {
        remedy:
          'Run again; githubstatus.com tells whether GitHub has an incident. A runner behind a proxy needs HTTPS_PROXY.',
        cause,
      });
  }
}

function refusal(
  cannot: string,
  permission: Permission,
  { status, said }: { status: number; said: string },
  cause: unknown,
): Failure {
  const seen = `${cannot} GitHub answered ${status}: "${said}".`;
  return new Failure('github-error', seen, { remedy: remedyFor(status, permission, said), cause });
}

function remedyFor(status: number, permission: Permission, said: string): string {
  const grant = `add \`${permission}\` to the \`permissions\` of the workflow's job`;
  switch (status) {
    case 401:
      return `GitHub does not accept the token: check the input \`github-token\`. It needs \`${permission}\`.`;
    case 403:
      return /locked|archived/i.test(said)
        ? 'Unlock the conversation or the repository, then run again.'
        : `The token lacks a permission: ${grant}. On pull requests from forks GitHub gives no write permissions.`;
    case 404:
      return `Either it does not exist, or the token may not see it: ${grant}.`;
    case 410:
      return 'Turn issues on in the settings of the repository, or turn the drift issue off.';
    default:
      return 'Look at what GitHub says; if it stays, open an issue with the log.';
  }
}
