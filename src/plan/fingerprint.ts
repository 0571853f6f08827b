import { createHash } from 'node:crypto';
import type { PlannedStep } from './plan.ts';

/** 12 hex digits over the steps in their order and their facts: the same for the same work, whatever is shown around it. */
export function fingerprint(steps: readonly PlannedStep[]): string {
  return digest(steps.map(({ step, facts }) => ({ step, facts })));
}

/** 12 hex digits over a value. */
export function digest(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex').slice(0, 12);
}

/** JSON with the keys of every object sorted, so that equal values are equal texts. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => (isObject(part) ? sorted(part) : part));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function sorted(object: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const entries = Object.entries(object);
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : Number(a > b))));
}
