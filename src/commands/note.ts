import { type Plan, steps } from '../plan/plan.ts';
import { readSteps } from '../plan/read-steps.ts';
import type { Posted } from '../report/marker.ts';

/** What an apply leaves in the lock while it works, so that a run after a crash knows what was approved. */
export function noteOf(plan: Plan): string {
  return JSON.stringify({ hash: plan.hash, steps: steps(plan), unbound: plan.unbound });
}

/** What an earlier apply wrote; null where the text is no such note. */
export function readNote(text: string): Posted | null {
  const json = parsed(text);
  if (typeof json !== 'object' || json === null || !('hash' in json && 'steps' in json && 'unbound' in json)) {
    return null;
  }
  const { hash, unbound } = json;
  const read = readSteps(json.steps);
  if (typeof hash !== 'string' || read === null || !Array.isArray(unbound)) return null;
  return { hash, steps: read, unbound: unbound.filter((pod) => typeof pod === 'string') };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Written by something else: no note of ours, so nothing is inherited.
    return null;
  }
}
