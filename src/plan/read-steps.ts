import { KINDS, type Step } from '../steps/index.ts';

/** The steps of an approved plan, as they stand in its JSON. Null where the value is not a list of known steps. */
export function readSteps(json: unknown): readonly Step[] | null {
  if (!Array.isArray(json)) return null;
  const steps = json.map((part: unknown) => KINDS.read(part)).filter((step) => step !== null);
  return steps.length === json.length ? steps : null;
}
