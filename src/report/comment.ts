import type { Failure } from '../core/failure.ts';
import type { Estimate } from '../plan/estimate.ts';
import type { AllowWord, Plan } from '../plan/plan.ts';
import { fitting, type Section } from './budget.ts';
import { cell, code, prose } from './escape.ts';
import { headline } from './headline.ts';
import { commentMarker, hiddenPlan } from './marker.ts';
import { shardTable } from './shards.ts';
import { stepsList } from './steps-list.ts';
import { counted, duration } from './units.ts';

export type CommentState =
  | {
      readonly kind: 'planned';
      readonly plan: Plan;
      readonly estimate: Estimate;
      readonly missing: readonly AllowWord[];
      /** URL of an apply that is at work now. */
      readonly underWay: string | null;
    }
  | {
      readonly kind: 'refused';
      readonly failure: Failure;
      readonly plan: Plan | null;
      readonly estimate: Estimate | null;
    }
  | {
      readonly kind: 'applying';
      readonly plan: Plan;
      readonly estimate: Estimate;
      readonly progress: readonly string[];
    }
  | { readonly kind: 'applied'; readonly plan: Plan; readonly estimate: Estimate; readonly seconds: number }
  | {
      readonly kind: 'failed';
      readonly plan: Plan;
      readonly estimate: Estimate;
      readonly failure: Failure;
      /** Titles of the stages that were done. */
      readonly done: readonly string[];
    };

export interface CommentContext {
  readonly cluster: string;
  readonly file: string;
  readonly runUrl: string;
  readonly commit: string;
}

/** GitHub takes 65,536; the rest is room for what it adds. */
const LONGEST = 60_000;

/** The comment about one cluster: the marker, what people read, and the hidden plan. */
export function commentBody(state: CommentState, context: CommentContext): string {
  const hidden = state.plan === null ? [] : ['', hiddenPlan(state.plan)];
  const marker = commentMarker(context.cluster);
  const room = LONGEST - marker.length - hidden.join('\n').length;
  return [marker, fitting(sectionsOf(state, context), room), ...hidden].join('\n');
}

/** The same for the summary of a run: whole, and without what is hidden. */
export function summaryBody(state: CommentState, context: CommentContext): string {
  return fitting(sectionsOf(state, context), Number.POSITIVE_INFINITY);
}

function sectionsOf(state: CommentState, context: CommentContext): readonly Section[] {
  const footer: Section = { lines: ['', footerOf(state, context)], drop: null };
  if (state.plan !== null && state.plan.stages.length === 0 && state.kind === 'planned') {
    return [{ lines: [title(context, headlineOf(state))], drop: null }, footer];
  }
  return [
    { lines: [title(context, headlineOf(state)), ''], drop: null },
    { lines: alertOf(state), drop: null },
    { lines: progressOf(state), drop: 3 },
    ...(state.plan === null || state.estimate === null ? [] : planSections(state.plan, state.estimate)),
    { lines: nextOf(state), drop: null },
    footer,
  ];
}

function title(context: CommentContext, text: string): string {
  return `### Redis Cluster ${code(context.cluster)}\n\n${text}`;
}

function headlineOf(state: CommentState): string {
  switch (state.kind) {
    case 'planned':
      return `**${cell(headline(state.plan, state.estimate))}.**`;
    case 'refused':
      return '**Refused: nothing was changed.**';
    case 'applying':
      return `⏳ **Applying.** ${cell(headline(state.plan, state.estimate))}.`;
    case 'applied':
      return `✅ **Applied in ${duration(state.seconds)}.** ${cell(headline(state.plan, state.estimate))}. The cluster was looked at once more and is as declared.`;
    case 'failed':
      return `❌ **Failed midway.** ${state.done.length === 0 ? 'No step was finished.' : `${counted(state.done.length, 'stage')} of ${state.plan.stages.length} were done.`}`;
  }
}

function alertOf(state: CommentState): readonly string[] {
  if (state.kind === 'refused' || state.kind === 'failed') {
    const { failure } = state;
    const details = failure.details.slice(0, 20).map((detail) => `> - ${cell(detail)}`);
    const what = `> **What to do:** ${prose(failure.remedy)}`;
    return [
      '> [!CAUTION]',
      `> ${prose(failure.message)}`,
      '>',
      ...details,
      ...(details.length > 0 ? ['>'] : []),
      what,
      '',
    ];
  }
  if (state.kind !== 'planned') return [];
  const grave = state.plan.dangers.filter((danger) => danger.needs !== null);
  const others = state.plan.dangers.filter((danger) => danger.needs === null);
  return [
    ...(grave.length === 0 ? [] : ['> [!CAUTION]', ...grave.map((danger) => `> - ${cell(danger.text)}`), '']),
    ...(others.length === 0 ? [] : [...others.map((danger) => `- ${cell(danger.text)}`), '']),
  ];
}

function progressOf(state: CommentState): readonly string[] {
  if (state.kind === 'applying') return ['```text', ...state.progress.map(fenced), '```', ''];
  if (state.kind !== 'failed' || state.done.length === 0) return [];
  return [
    '<details>',
    '<summary>What was done</summary>',
    '',
    ...state.done.map((line) => `- ${cell(line)}`),
    '',
    '</details>',
    '',
  ];
}

/** A line inside a fence cannot end it. */
function fenced(line: string): string {
  return line.replaceAll('```', "'''").replaceAll(/[\r\n]/g, ' ');
}

function planSections(plan: Plan, estimate: Estimate): readonly Section[] {
  return [
    { lines: [...shardTable(plan), ''], drop: 2 },
    { lines: podsOf(plan), drop: 4 },
    { lines: [...stepsList(plan, estimate), ''], drop: 1, name: 'the steps' },
  ];
}

function podsOf({ before, after, unbound, topology }: Plan): readonly string[] {
  const had = new Set(before.pods.map((pod) => pod.name));
  const has = new Set(after.pods.map((pod) => pod.name));
  const added = [...has].filter((pod) => !had.has(pod));
  const removed = [...had].filter((pod) => !has.has(pod));
  const volumes = topology.volumes.onScaleDown === 'retain' ? 'kept' : 'deleted';
  const lines = [
    ...(added.length === 0 ? [] : [`Pods that come: ${added.map(code).join(', ')}.`]),
    ...(removed.length === 0
      ? []
      : [
          `Pods that go: ${removed.map(code).join(', ')}; their volumes are ${topology.state === 'absent' ? 'deleted' : volumes}.`,
        ]),
    ...(unbound.length === 0
      ? []
      : [
          'Which of the new pods serves which shard is settled when Kubernetes has placed them, so that no node holds a whole shard.',
        ]),
  ];
  return lines.length === 0 ? [] : [lines.join(' '), ''];
}

function nextOf(state: CommentState): readonly string[] {
  if (state.kind !== 'planned') return [];
  const words = state.missing.map((word) => code(word)).join(', ');
  return [
    state.missing.length > 0
      ? `**Next:** this would be refused. Add ${words} to the input ${code('allow')} of the workflow that applies, if that is what you want.`
      : '**Next:** merge, and exactly this is carried out.',
    ...(state.underWay === null
      ? []
      : [`An apply is at work on this cluster now, so the plan may change: ${state.underWay}`]),
  ];
}

function footerOf(state: CommentState, { file, commit, runUrl }: CommentContext): string {
  const hash = state.plan === null || state.plan.stages.length === 0 ? '' : `plan ${code(state.plan.hash)} · `;
  const at = commit === '' ? '' : ` · ${commit.slice(0, 10)}`;
  const run = /^https?:\/\/[^\s()<>]+$/.test(runUrl) ? ` · [run](${runUrl})` : '';
  return `<sub>${hash}${code(file)}${at}${run}</sub>`;
}
