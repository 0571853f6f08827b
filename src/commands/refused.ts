import type { Failure } from '../core/failure.ts';
import { summaryBody } from '../report/comment.ts';
import type { Desk } from './desk.ts';
import { emptyOutcome, type Outcome, type Refusal, resultOf } from './outcome.ts';
import { contextOf, type Named } from './post.ts';

/** How a run ends that a failure stopped before there was a plan. */
export function withoutPlan(topology: Named, desk: Desk, failure: Failure): Outcome {
  const refusal: Refusal = { kind: 'refused', failure, plan: null, estimate: null };
  return {
    ...emptyOutcome(topology),
    result: resultOf(failure),
    summary: failure.message,
    report: summaryBody(refusal, contextOf(topology, desk)),
    failure,
    refusal,
  };
}
