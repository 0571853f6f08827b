import { type LocalRun, shares } from './local-repository.ts';

/** What pull requests want of three even shards. */
export const HEAVY = shares([2, 1, 1]);
export const HEAVIER = shares([4, 1, 1]);
export const LIGHT = shares([1, 4, 4]);

/** The result; with the log where it is none of the good ones, so that a failing test tells why. */
export function resultOf({ outputs, log, red }: LocalRun): string {
  return red ? [outputs['failure-reason'], ...log].join('\n') : (outputs['result'] ?? '');
}

/** What a refused run tells: the message, then its details. */
export function refusal({ outputs, log }: LocalRun): { reason: string; told: string } {
  return { reason: outputs['failure-reason'] ?? '', told: log.join('\n') };
}
