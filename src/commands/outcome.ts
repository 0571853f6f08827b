import type { Failure } from '../core/failure.ts';
import { FAILURES } from '../core/failure.ts';
import type { Topology } from '../core/topology.ts';
import type { Estimate } from '../plan/estimate.ts';
import type { Plan } from '../plan/plan.ts';
import type { CommentState } from '../report/comment.ts';
import { planJson } from '../report/plan-json.ts';

export type Result = 'no-changes' | 'planned' | 'applied' | 'drifted' | 'in-sync' | 'refused' | 'failed';

/** How the run ended for one cluster: what the outputs, the summary and the exit status are made of. */
export interface Outcome {
  readonly cluster: string;
  readonly file: string;
  readonly result: Result;
  readonly changed: boolean;
  readonly drift: boolean;
  /** Null where no plan could be made. */
  readonly plan: { readonly hash: string; readonly json: string } | null;
  /** One line. */
  readonly summary: string;
  /** Markdown for the step summary. */
  readonly report: string;
  readonly commentUrl: string | null;
  readonly issueUrl: string | null;
  /** What `result` refused, failed or drifted comes from; null on success. */
  readonly failure: Failure | null;
  /** What stopped an apply before the first change, as a comment tells it; null where nothing did. */
  readonly refusal: Refusal | null;
}

/** A plan as the outputs give it; null where there is none. */
export function planOutput(plan: Plan | null, estimate: Estimate | null): Outcome['plan'] {
  return plan === null || estimate === null ? null : { hash: plan.hash, json: planJson(plan, estimate) };
}

export type Refusal = Extract<CommentState, { readonly kind: 'refused' }>;

/** An outcome of which only the cluster is known: nothing changed, nothing planned, nothing posted, nothing failed. */
export function emptyOutcome(
  topology: Pick<Topology, 'name' | 'file'>,
): Omit<Outcome, 'result' | 'summary' | 'report'> {
  return {
    cluster: topology.name,
    file: topology.file,
    changed: false,
    drift: false,
    plan: null,
    commentUrl: null,
    issueUrl: null,
    failure: null,
    refusal: null,
  };
}

/**
 * The outputs of the action but for `clusters`, which holds these of each.
 * @param planFile path of the plan; empty where there is none
 */
export function outputsOf(outcome: Outcome, planFile: string): Readonly<Record<string, string>> {
  return {
    result: outcome.result,
    changed: String(outcome.changed),
    drift: String(outcome.drift),
    'plan-hash': outcome.plan?.hash ?? '',
    'plan-file': planFile,
    summary: outcome.summary,
    'comment-url': outcome.commentUrl ?? '',
    'issue-url': outcome.issueUrl ?? '',
    'failure-reason': outcome.failure?.code ?? '',
  };
}

/** The mildest first. */
const ORDER: readonly Result[] = ['no-changes', 'in-sync', 'planned', 'applied', 'drifted', 'refused', 'failed'];

/** The worst of several outcomes; undefined for none. The first of equals. */
export function worst(outcomes: readonly Outcome[]): Outcome | undefined {
  return outcomes.reduce<Outcome | undefined>(
    (soFar, outcome) =>
      soFar === undefined || ORDER.indexOf(outcome.result) > ORDER.indexOf(soFar.result) ? outcome : soFar,
    undefined,
  );
}

/** How a run ends that a failure stopped. */
export function resultOf(failure: Failure): Extract<Result, 'refused' | 'failed'> {
  return FAILURES[failure.code][0];
}

/**
 * Whether the run's exit status is 1. Drift is a failure where `drift` was told so (`fail-on-drift`); `status` only shows it, and ends
 * well wherever it could look.
 */
export function isRed({ result, failure }: Outcome): boolean {
  return result === 'refused' || result === 'failed' || (result === 'drifted' && failure !== null);
}
