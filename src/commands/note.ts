import type { Place } from '../core/topology.ts';
import { type Plan, steps } from '../plan/plan.ts';
import { asPosted, type Posted, packed, unpack } from '../report/marker.ts';
import { claimTemplatesOf } from '../steps/delete-volumes/shape.ts';

/** Characters. Kubernetes takes 262,144 of all annotations of a Lease together: 500 shards of two pods in one plan are more. */
const LONGEST = 100_000;

/** What an apply leaves in the lock while it works, so that a run after a crash knows what was approved: to be read by people, if not too long. */
export function noteOf(plan: Plan): string {
  const note = { hash: plan.hash, steps: steps(plan), unbound: plan.unbound };
  const text = JSON.stringify(note);
  return text.length <= LONGEST ? text : packed(note);
}

/** What an earlier apply wrote; null where the text is no such note. */
export function readNote(text: string): Posted | null {
  return asPosted(parsed(text) ?? unpack(text));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Written by something else: no note of ours, so nothing is inherited.
    return null;
  }
}

/** How the claims begin that an unfinished apply was to delete: by then no StatefulSet may tell of them any more. */
export function claimTemplatesIn(note: string | null, { statefulSet }: Place): readonly string[] {
  const begun = (note === null ? null : readNote(note))?.steps ?? [];
  const volumes = begun.flatMap((step) => (step.kind === 'delete-volumes' ? step.volumes : []));
  return claimTemplatesOf(volumes, statefulSet);
}
