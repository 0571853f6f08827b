import { z } from 'zod';
import { Failure } from '../../core/failure.ts';

/** The verbs as RBAC names them. */
export type Verb = 'get' | 'list' | 'create' | 'update' | 'patch' | 'delete';

/** What a request is about, in RBAC's words. */
export interface Subject {
  readonly verb: Verb;
  /** The API group; the core group is empty. */
  readonly group: string;
  /** `persistentvolumeclaims`, `statefulsets/scale`. */
  readonly resource: string;
  /** Null: a resource of the whole cluster, such as nodes. */
  readonly namespace: string | null;
  /** Null for lists. */
  readonly name: string | null;
}

const STATUS = z.object({
  message: z.string().optional(),
  reason: z.string().optional(),
  details: z.object({ causes: z.array(z.object({ reason: z.string().optional() })).optional() }).optional(),
});

/** `list persistentvolumeclaims in namespace cache` */
export function wordsOf(subject: Subject): string {
  const where = subject.namespace === null ? '' : ` in namespace ${subject.namespace}`;
  const name = subject.name === null ? '' : ` ${subject.name}`;
  return `${subject.verb} ${subject.resource}${name}${where}`;
}

const ERROR = z.object({
  code: z.string().optional().catch(undefined),
  message: z.string().optional(),
  name: z.string().optional(),
});

/** What an answer that is no success means. */
export function statusFailure(subject: Subject, server: string, code: number, body: unknown): Failure {
  const status = STATUS.safeParse(body).data;
  const said = status?.message ?? `HTTP ${code}`;
  if (code === 401) return notLoggedIn(subject, server);
  if (code === 403 && isMissingRight(said, status)) return forbidden(subject, said);
  const isAway = code >= 502 && code <= 504;
  const reason = isAway ? 'kubernetes-unreachable' : 'kubernetes-error';
  return new Failure(reason, `Cannot ${wordsOf(subject)}: Kubernetes answered ${code}: ${said}`, {
    remedy: remedyFor(code, status?.details?.causes?.map((cause) => cause.reason) ?? [], said),
  });
}

/**
 * Quotas, admission plugins and namespaces that are being deleted answer 403 too. The authorizer's own message is always
 * `User "…" cannot VERB resource "…"` (apiserver's responsewriters).
 */
function isMissingRight(said: string, status: z.infer<typeof STATUS> | undefined): boolean {
  return status?.message === undefined || /\bcannot \S+ (resource|path)\b/.test(said);
}

function notLoggedIn(subject: Subject, server: string): Failure {
  return new Failure(
    'kubernetes-unreachable',
    `Cannot ${wordsOf(subject)}: the API server at ${server} does not accept the credentials of the kubeconfig (401).`,
    {
      remedy: 'The token or certificate may have expired: log in again, or renew the secret that holds the kubeconfig.',
    },
  );
}

/** A WebSocket begins as a GET, and Kubernetes before 1.35 asks for no more; from then on for `create`, as of SPDY's POST ever since. */
const TUNNEL_VERBS = '["get", "create"]';
const DIRECTLY = ' Or set `connect: direct`, where the IPs of pods surely lead from here to the pods.';

function forbidden(subject: Subject, said: string): Failure {
  const kind = subject.namespace === null ? 'ClusterRole' : 'Role';
  const right = { ...subject, name: null };
  const isTunnel = subject.resource === 'pods/portforward';
  return new Failure('kubernetes-forbidden', `May not ${wordsOf(right)}: Kubernetes refuses it.`, {
    remedy:
      `Add to the account's ${kind}: apiGroups ["${subject.group}"], resources ["${subject.resource}"], ` +
      `verbs ${isTunnel ? TUNNEL_VERBS : `["${subject.verb}"]`}. All that is needed is in manifests/rbac.yaml.${isTunnel ? DIRECTLY : ''}`,
    details: [said],
  });
}

function remedyFor(code: number, causes: readonly (string | undefined)[], said: string): string {
  if (causes.includes('NamespaceTerminating')) return 'Wait until the namespace is gone, then run again.';
  if (code === 404 && said.startsWith('namespaces ')) {
    return 'Create the namespace, or put it into the manifests.';
  }
  if (code === 422 || code === 400) return 'Correct what Kubernetes names, then run again.';
  if (code === 409) return 'Something else changed it at the same moment: run again.';
  return 'See what Kubernetes says; if it passes by itself, run again.';
}

/** Credentials are made by a program, or lie in files. `server` as below. */
export function credentialsFailure(subject: Subject, server: string, thrown: unknown): Failure {
  const [said = ''] = saysOf(thrown, 'message').split('\n');
  return new Failure(
    'kubernetes-unreachable',
    `Cannot ${wordsOf(subject)}: the kubeconfig's way to log in to the API server at ${server} fails (${said}).`,
    {
      remedy:
        'Where it names a program for that (`exec`), install it on this runner and log in before this step; see that files which it names are there, and that `server` begins with https.',
      cause: thrown,
    },
  );
}

/** What it means that no answer came. `server` is host and port: a kubeconfig's URL may hold more. */
export function networkFailure(subject: Subject, server: string, thrown: unknown): Failure {
  return new Failure(
    'kubernetes-unreachable',
    `Cannot ${wordsOf(subject)}: the Kubernetes API server at ${server} ${seenOf(thrown)}.`,
    { remedy: remedyOf(thrown), cause: thrown },
  );
}

/** One of an error's texts; empty where it has none. */
export function saysOf(thrown: unknown, what: 'code' | 'message' | 'name'): string {
  const told = ERROR.safeParse(thrown).data?.[what];
  return told ?? '';
}

function seenOf(thrown: unknown): string {
  const message = saysOf(thrown, 'message');
  const code = saysOf(thrown, 'code');
  if (saysOf(thrown, 'name') === 'TimeoutError') return 'did not answer in time';
  switch (code) {
    case 'ECONNREFUSED':
      return 'refuses connections';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'cannot be found: its name does not resolve';
    case 'ECONNRESET':
    case 'EPIPE':
      return 'broke the connection off';
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return `cannot be reached (${code})`;
    default:
      return isTls(thrown) ? `has a certificate that is not trusted (${message})` : `cannot be asked (${message})`;
  }
}

function remedyOf(thrown: unknown): string {
  return isTls(thrown)
    ? 'Put the right certificate-authority-data into the kubeconfig.'
    : 'Check that this runner can reach the API server, and that the kubeconfig names the right one.';
}

function isTls(thrown: unknown): boolean {
  return /CERT|SIGN|SSL|TLS/.test(saysOf(thrown, 'code'));
}
