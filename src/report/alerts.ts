import { FAILURES, type Failure } from '../core/failure.ts';
import type { AllowWord, Danger, DangerCode, Plan } from '../plan/plan.ts';
import { cut, prose } from './escape.ts';

/** How much of what comes from outside is shown in one place. */
export interface Limits {
  readonly items: number;
  /** Characters of one text. */
  readonly text: number;
}

/** What can take data or the service along; of the rest it is enough to know. */
const REAL: readonly DangerCode[] = ['evicting-policy', 'memory-tight', 'placement-not-kept', 'redundancy-lowered'];

/** An alert for what needs an `allow` word, and one for what is dangerous without. */
export function dangerAlerts({ dangers }: Plan, missing: readonly AllowWord[], limits: Limits): readonly string[] {
  const grave = dangers.filter((danger) => danger.needs !== null);
  const real = dangers.filter(isReal);
  return [
    ...(grave.length === 0 ? [] : ['> [!CAUTION]', ...quoted(grave, limits), ...allowWords(missing), '']),
    ...(real.length === 0 ? [] : ['> [!WARNING]', ...quoted(real, limits), '']),
  ];
}

/** What is good to know of a plan, as items of a list. */
export function dangerNotes({ dangers }: Plan, limits: Limits): readonly string[] {
  const notes = dangers.filter((danger) => danger.needs === null && !isReal(danger));
  return items(
    notes.map((danger) => danger.text),
    limits,
  );
}

function isReal(danger: Danger): boolean {
  return danger.needs === null && REAL.includes(danger.code);
}

function quoted(dangers: readonly Danger[], limits: Limits): readonly string[] {
  const [only] = dangers;
  if (dangers.length === 1 && only !== undefined) return [`> ${prose(cut(only.text, limits.text))}`];
  return items(
    dangers.map((danger) => danger.text),
    limits,
  ).map((line) => `> ${line}`);
}

function allowWords(missing: readonly AllowWord[]): readonly string[] {
  if (missing.length === 0) return [];
  return [
    '>',
    '> **As it is, apply refuses this plan.** If it is what you want, give this to the step that applies:',
    '> ```yaml',
    '> with:',
    `>   allow: ${missing.join(' ')}`,
    '> ```',
  ];
}

/** What went wrong, and what to do. */
export function failureAlert(failure: Failure, limits: Limits): readonly string[] {
  const details = items(
    failure.details.filter((detail) => !`${failure.message} ${failure.remedy}`.includes(detail)),
    limits,
  );
  return [
    '> [!CAUTION]',
    `> ${prose(cut(failure.message, 3 * limits.text))}`,
    ...(details.length === 0 ? [] : ['>', ...details.map((line) => `> ${line}`)]),
    '>',
    `> **What to do:** ${prose(cut(failure.remedy, 3 * limits.text))}`,
    '',
  ];
}

/** In a few words, for a headline: nothing was changed by what is refused or fails before the first step. */
export function refusalWords(failure: Failure): string {
  return FAILURES[failure.code][0] === 'refused'
    ? 'Refused: nothing was changed'
    : 'No plan could be made: nothing was changed';
}

function items(texts: readonly string[], limits: Limits): readonly string[] {
  const shown = texts.slice(0, limits.items).map((text) => `- ${prose(cut(text, limits.text))}`);
  return texts.length <= limits.items ? shown : [...shown, `- and ${texts.length - limits.items} more`];
}
