import type { Place } from '../core/topology.ts';
import { type Plan, steps } from '../plan/plan.ts';
import { asPosted, type Posted } from '../report/marker.ts';
import { claimTemplatesOf } from '../steps/delete-volumes/shape.ts';

/** What an apply leaves in the lock while it works, so that a run after a crash knows what was approved. */
export function noteOf(plan: Plan): string {
  return JSON.stringify({ hash: plan.hash, steps: steps(plan), unbound: plan.unbound });
}

/** What an earlier apply wrote; null where the text is no such note. */
export function readNote(text: string): Posted | null {
  return asPosted(parsed(text));
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
