import type { Failure } from '../core/failure.ts';
import type { Topology } from '../core/topology.ts';
import { summaryBody } from '../report/comment.ts';
import type { Desk } from './desk.ts';
import { type Outcome, resultOf } from './outcome.ts';
import { contextOf } from './post.ts';

/** How a run ends that a failure stopped before there was a plan. */
export function withoutPlan(topology: Topology, desk: Desk, failure: Failure): Outcome {
  return {
    cluster: topology.name,
    file: topology.file,
    result: resultOf(failure),
    changed: false,
    drift: false,
    plan: null,
    summary: failure.message,
    report: summaryBody({ kind: 'refused', failure, plan: null, estimate: null }, contextOf(topology, desk)),
    commentUrl: null,
    issueUrl: null,
    failure,
  };
}
