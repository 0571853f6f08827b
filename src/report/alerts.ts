import { FAILURES, type Failure } from '../core/failure.ts';
import { isDifference } from '../core/findings.ts';
import type { AllowWord } from '../core/request.ts';
import { missingAllow } from '../plan/dangers.ts';
import type { Danger, DangerCode, Plan } from '../plan/plan.ts';
import { code, cut, prose } from './escape.ts';

/** How much of what comes from outside is shown in one place. */
export interface Limits {
  readonly items: number;
  /** Characters of one text. */
  readonly text: number;
}

/** What can take data or the service along; of the rest it is enough to know. */
const REAL: readonly DangerCode[] = [
  'writes-refused',
  'evicting-policy',
  'memory-tight',
  'placement-not-kept',
  'redundancy-lowered',
];

/** An alert for what no step of a plan mends: a plan without steps does not mean that all is well. */
export function amissAlert({ stages, before }: Plan, limits: Limits): readonly string[] {
  const amiss = stages.length === 0 ? before.findings.filter(isDifference) : [];
  if (amiss.length === 0) return [];
  const texts = amiss.map(({ text, remedy }) => `${text} ${remedy}`);
  return ['> [!WARNING]', ...items(texts, limits).map((line) => `> ${line}`), ''];
}

/** An alert for what needs an `allow` word, and one for what is dangerous without. */
export function dangerAlerts(plan: Plan, missing: readonly AllowWord[], limits: Limits): readonly string[] {
  const grave = plan.dangers.filter((danger) => danger.needs !== null);
  const real = plan.dangers.filter(isReal);
  return [
    ...(grave.length === 0 ? [] : ['> [!CAUTION]', ...quoted(grave, limits), ...allowWords(plan, missing), '']),
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

/** Plan and apply may be one step or two with an `allow` each: what counts is that of the one that applies. */
function allowWords({ dangers }: Plan, missing: readonly AllowWord[]): readonly string[] {
  const needed = missingAllow({ dangers }, []);
  if (missing.length === 0) {
    return [
      '>',
      `> **Applied only where the step that applies has** ${code(`allow: ${needed.join(' ')}`)}, as the step of this plan has.`,
    ];
  }
  return [
    '>',
    '> **Applied only where the step that applies has this** (the step of this plan does not):',
    '> ```yaml',
    '> with:',
    `>   allow: ${needed.join(' ')}`,
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
    `> ${prose(cut(sayingOnce(failure.message), 3 * limits.text))}`,
    ...(details.length === 0 ? [] : ['>', ...details.map((line) => `> ${line}`)]),
    '>',
    `> **What to do:** ${prose(cut(failure.remedy, 3 * limits.text))}`,
    '',
  ];
}

/** The headline says that it is refused. */
function sayingOnce(message: string): string {
  return message.replace(/^Refused: (.)/, (_, first: string) => first.toUpperCase());
}

/** For a headline: the reason, and that nothing was changed by what is refused or fails before the first step. */
export function refusalWords(failure: Failure): string {
  const [end, reason] = FAILURES[failure.code];
  return `**${prose(reason)}** ${end === 'refused' ? 'Refused' : 'No plan could be made'}; nothing was changed.`;
}

function items(texts: readonly string[], limits: Limits): readonly string[] {
  const shown = texts.slice(0, limits.items).map((text) => `- ${prose(cut(text, limits.text))}`);
  return texts.length <= limits.items ? shown : [...shown, `- and ${texts.length - limits.items} more`];
}
