/**
 * The one error of this program. Its code is what `failure-reason` gives, so codes never change their meaning.
 * `refused` failures happen before the first change; `failed` ones may have come in the middle.
 */
export class Failure extends Error {
  readonly code: FailureCode;
  /** What to do now, in one or two sentences. */
  readonly remedy: string;
  /** Further lines to show under the message (never secrets). */
  readonly details: readonly string[];

  /**
   * @param code stable, from the list below
   * @param what what was attempted, what was seen, why it matters: one or two sentences
   */
  constructor(code: FailureCode, what: string, more: { remedy: string; details?: readonly string[]; cause?: unknown }) {
    super(what, more.cause === undefined ? {} : { cause: more.cause });
    this.name = 'Failure';
    this.code = code;
    this.remedy = more.remedy;
    this.details = more.details ?? [];
  }
}

/** Code → how a run ends with it, and what it means (docs/failures.md is made of these). */
export const FAILURES = {
  'invalid-input': ['refused', 'An input of the action is missing, unknown or not of its form.'],
  'invalid-topology': ['refused', 'topology.yaml has mistakes; each is listed with its place.'],
  'topology-not-found': ['refused', 'No file matches the `topology` input.'],
  'untrusted-pull-request': [
    'refused',
    'The event would use files that nobody has merged yet, or that anybody can send, together with secrets.',
  ],
  'invalid-manifests': ['refused', 'The `manifests` cannot be read, or do not hold the StatefulSet.'],
  'no-statefulset': ['refused', 'The StatefulSet does not exist and no `manifests` are declared to create it.'],
  'no-namespace': ['refused', 'The namespace does not exist, and the `manifests` do not bring it.'],
  'kubernetes-unreachable': [
    'failed',
    'The Kubernetes API server cannot be reached, or its kubeconfig cannot be used.',
  ],
  'kubernetes-forbidden': [
    'failed',
    'Kubernetes refuses what the action needs; the missing verb and resource are named.',
  ],
  'kubernetes-error': ['failed', 'Kubernetes answered with an error that the action does not expect.'],
  'pods-not-ready': ['failed', 'Pods did not become ready in time; the reason that Kubernetes gives is shown.'],
  'redis-unreachable': ['failed', 'A pod that should answer does not.'],
  'redis-auth': ['failed', 'Redis refuses the user name or password.'],
  'redis-permission': ['refused', 'The Redis user may not run a command that is needed.'],
  'redis-error': ['failed', 'Redis answered with an error that the action does not expect.'],
  'not-cluster-mode': ['refused', 'The servers run without `cluster-enabled yes`.'],
  'cluster-unhealthy': ['refused', 'The live cluster is in a state from which no safe plan can be made.'],
  'unknown-nodes': ['refused', 'The cluster has nodes that Kubernetes does not know.'],
  'placement-unsatisfiable': ['refused', 'The placement rules cannot be kept and `whenUnsatisfiable` is `fail`.'],
  'too-few-replicas': [
    'refused',
    'With as few replicas as are declared servers refuse every write (`min-replicas-to-write`).',
  ],
  'not-allowed': ['refused', 'The plan needs an `allow` word that the run does not have.'],
  'plan-not-approved': ['refused', 'No approved plan was found for this commit.'],
  'plan-changed': ['refused', 'What would be done now is not the approved plan nor the rest of it.'],
  'approval-unreadable': ['failed', 'GitHub did not tell whether the plan was approved.'],
  'atomic-unsupported': ['refused', '`migration.method: atomic` is declared and a pair of servers cannot do it.'],
  'not-enough-memory': ['refused', 'A receiver of slots has too little memory for what it would get.'],
  locked: ['refused', 'Another apply is at work on this cluster.'],
  'lock-lost': ['failed', 'The lock was lost in the middle; the work stopped at a safe point.'],
  'changed-meanwhile': ['failed', 'The cluster changed under the apply; it stopped at a safe point.'],
  'step-failed': ['failed', 'A step did not reach what it is for.'],
  'migration-failed': ['failed', 'Slots could not be moved; what remains is named.'],
  'not-as-declared': ['failed', 'All steps ran, and the cluster is still not as declared.'],
  stopped: [
    'failed',
    'The run was told to stop, or ran out of time; what is left half done is named, and the next apply goes on there.',
  ],
  timeout: ['failed', 'Something did not happen in time.'],
  'github-error': ['failed', 'GitHub answered with an error.'],
  drift: ['failed', 'The cluster is not as declared and `fail-on-drift` is set.'],
  'internal-error': ['failed', 'A mistake in this program; please report it.'],
} as const satisfies Record<string, readonly ['refused' | 'failed', string]>;

export type FailureCode = keyof typeof FAILURES;

/** Whether somebody did not answer, who may just be restarting. */
export function isSilence(thrown: unknown): thrown is Failure {
  return thrown instanceof Failure && (thrown.code === 'redis-unreachable' || thrown.code === 'kubernetes-unreachable');
}

/**
 * Whether what went wrong may pass by itself: somebody is silent, or the API server, which stands between, answers with an
 * error of its own. For work that is lost by giving up; who only looks does better to tell such an error at once.
 */
export function mayPass(thrown: unknown): boolean {
  return isSilence(thrown) || (thrown instanceof Failure && thrown.code === 'kubernetes-error');
}

/** Any thrown value as a Failure, so that one shape leaves the program. */
export function asFailure(thrown: unknown): Failure {
  if (thrown instanceof Failure) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new Failure('internal-error', `Stopped by an error that was not expected: ${message}`, {
    remedy: 'Run again; if it stays, open an issue with the log.',
    cause: thrown,
  });
}
