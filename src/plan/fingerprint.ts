import { createHash } from 'node:crypto';
import { canonicalJson } from '../core/canonical-json.ts';
import type { Place } from '../core/topology.ts';
import type { PlannedStep } from './plan.ts';

/**
 * 12 hex digits over where it is, the steps in their order and their facts: the same for the same work on the same StatefulSet, whatever
 * is shown around it.
 */
export function fingerprint({ namespace, statefulSet }: Place, steps: readonly PlannedStep[]): string {
  return digest([namespace, statefulSet, ...steps.map(({ step, facts }) => ({ step, facts }))]);
}

/** 12 hex digits over a value. */
export function digest(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex').slice(0, 12);
}
