import { Failure } from '../core/failure.ts';
import type { Topology } from '../core/topology.ts';
import { type Plan, steps } from '../plan/plan.ts';
import { readSteps } from '../plan/read-steps.ts';
import { isRest } from '../plan/remainder.ts';
import { commentMarker, type Posted, readPosted } from '../report/marker.ts';
import type { Desk } from './desk.ts';

/** What makes a plan an approved one. */
export type Approval =
  | { readonly by: 'nobody-asked' }
  | { readonly by: 'hash' }
  | { readonly by: 'pull-request'; readonly pullRequest: number };

/** What an apply leaves in the lock, so that a run after a crash knows what was approved. */
export interface Note {
  readonly hash: string;
  readonly steps: readonly unknown[];
  readonly unbound: readonly string[];
}

/**
 * Sees that the plan, or what it is the rest of, is approved: by the hash that the run was given, or by the comment of
 * the merged pull request that brought the commit.
 * Throws Failure `plan-not-approved`, `plan-changed`, or `approval-unreadable`.
 * @param inherited the note of an apply that did not come to its end
 */
export async function approve(topology: Topology, plan: Plan, inherited: string | null, desk: Desk): Promise<Approval> {
  const { request } = desk;
  if (!request.requireApprovedPlan || plan.stages.length === 0) return { by: 'nobody-asked' };
  if (request.approvedPlan !== null) return byHash(request.approvedPlan, plan, inherited);
  return byPullRequest(topology, plan, desk);
}

function byHash(hash: string, plan: Plan, inherited: string | null): Approval {
  if (plan.hash === hash) return { by: 'hash' };
  const note = inherited === null ? null : readNote(inherited);
  if (note?.hash !== hash) {
    throw changed(plan, `The plan is ${plan.hash}, and \`approved-plan\` is ${hash}.`, []);
  }
  const rest = isRest(note.steps, plan, note.unbound);
  if (rest.rest) return { by: 'hash' };
  throw changed(plan, `What is left is not the rest of the approved plan ${hash}.`, rest.differences);
}

async function byPullRequest(topology: Topology, plan: Plan, desk: Desk): Promise<Approval> {
  const { github, occasion, stop: signal } = desk;
  if (github === null || occasion.branch === null) {
    throw new Failure(
      'plan-not-approved',
      `Cannot apply plan ${plan.hash}: an approved plan is required, and this run belongs to no merged pull request.`,
      { remedy: approveByHand(plan) },
    );
  }
  const marker = commentMarker(topology.name);
  const comments = await github.approvedComments(occasion.commit, occasion.branch, marker, { signal });
  const differences: string[] = [];
  for (const { pullRequest, comment } of comments) {
    const posted = readPosted(comment.body);
    if (posted === null) continue;
    const answer = holdAgainst(posted, plan);
    if (answer === null) return { by: 'pull-request', pullRequest };
    differences.push(...answer.map((text) => `#${pullRequest}: ${text}`));
  }
  if (differences.length > 0) throw changed(plan, 'It is not what was shown in the pull request.', differences);
  throw new Failure(
    'plan-not-approved',
    `Cannot apply plan ${plan.hash}: no merged pull request with commit ${occasion.commit.slice(0, 10)} has a plan of ${topology.name}.`,
    { remedy: approveByHand(plan) },
  );
}

/** How the plan differs from the one that was posted; null when it is that one or the rest of it. */
function holdAgainst(posted: Posted, plan: Plan): readonly string[] | null {
  if (posted.hash === plan.hash) return null;
  if (posted.steps === null) return [`The plan there is ${posted.hash}; its steps were too many to be kept.`];
  const rest = isRest(posted.steps, plan, posted.unbound);
  return rest.rest ? null : rest.differences;
}

function changed(plan: Plan, why: string, differences: readonly string[]): Failure {
  return new Failure('plan-changed', `Cannot apply: the cluster has changed since the plan was approved. ${why}`, {
    remedy: `Look at the plan of this run. ${approveByHand(plan)}`,
    details: differences,
  });
}

function approveByHand(plan: Plan): string {
  return `To carry it out, run the workflow by hand with \`approved-plan: ${plan.hash}\`, or open a pull request that plans anew.`;
}

export function noteOf(plan: Plan): string {
  const note: Note = { hash: plan.hash, steps: steps(plan), unbound: plan.unbound };
  return JSON.stringify(note);
}

/** What an earlier apply wrote, or somebody else: null where it is no such note. */
function readNote(text: string): (Posted & { steps: NonNullable<Posted['steps']> }) | null {
  const json = parseJson(text);
  if (typeof json !== 'object' || json === null || !('hash' in json && 'steps' in json && 'unbound' in json))
    return null;
  const { hash, unbound } = json;
  const read = readSteps(json.steps);
  if (typeof hash !== 'string' || read === null || !Array.isArray(unbound)) return null;
  return { hash, steps: read, unbound: unbound.filter((pod) => typeof pod === 'string') };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Written by something else: no note of ours, so nothing is inherited.
    return null;
  }
}
