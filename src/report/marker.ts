import { deflateSync, inflateSync } from 'node:zlib';
import { type Plan, steps } from '../plan/plan.ts';
import { readSteps } from '../plan/read-steps.ts';
import type { Step } from '../steps/index.ts';

/** A plan as a comment carries it. */
export interface Posted {
  readonly hash: string;
  /** Null where they were too many to be kept. */
  readonly steps: readonly Step[] | null;
  /** Pods that did not exist when it was made. */
  readonly unbound: readonly string[];
}

/** The most characters that the hidden plan may take of a comment. */
const LONGEST = 30_000;

/** What it may be unpacked to: the steps of 1,000 pods take a tenth. */
const UNPACKED_BYTES = 4 * 1024 * 1024;

/** The first line of the comment about one cluster. */
export function commentMarker(cluster: string): string {
  return `<!-- redis-cluster-topology: plan of ${plain(cluster)} -->`;
}

/** The hidden line with the plan, for the run that applies it. */
export function hiddenPlan(plan: Plan): string {
  const whole = { version: 1, hash: plan.hash, steps: steps(plan), unbound: plan.unbound };
  const line = hidden(whole);
  return line.length <= LONGEST ? line : hidden({ ...whole, steps: null });
}

/** The plan that a comment carries; null where it carries none that can be read. */
export function readPosted(body: string): Posted | null {
  const packed = /<!-- plan: ([A-Za-z0-9+/=]+) -->/.exec(body)?.[1];
  const json = packed === undefined ? null : unpack(packed);
  if (typeof json !== 'object' || json === null || !('hash' in json && 'unbound' in json && 'steps' in json))
    return null;
  const { hash, unbound } = json;
  if (typeof hash !== 'string' || !/^[0-9a-f]{12}$/.test(hash) || !Array.isArray(unbound)) return null;
  const names = unbound.filter((name): name is string => typeof name === 'string');
  return { hash, steps: json.steps === null ? null : readSteps(json.steps), unbound: names };
}

function hidden(value: unknown): string {
  return `<!-- plan: ${deflateSync(JSON.stringify(value)).toString('base64')} -->`;
}

function unpack(packed: string): unknown {
  try {
    return JSON.parse(inflateSync(Buffer.from(packed, 'base64'), { maxOutputLength: UNPACKED_BYTES }).toString('utf8'));
  } catch {
    // Cut, edited or not ours: a comment without a plan that can be read approves nothing.
    return null;
  }
}

/** A name can neither end the comment nor be taken for another's. */
function plain(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9._-]/g, '_');
}
