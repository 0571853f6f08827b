import type { Cluster } from '../core/cluster.ts';
import type { Failure } from '../core/failure.ts';
import { placementFindings } from '../core/placement-findings.ts';
import type { AllowWord } from '../core/request.ts';
import { missingAllow } from '../plan/dangers.ts';
import type { Estimate } from '../plan/estimate.ts';
import type { Plan } from '../plan/plan.ts';
import { nextAfterRefusal } from './after-refusal.ts';
import { amissAlert, dangerAlerts, dangerNotes, failureAlert, type Limits, refusalWords } from './alerts.ts';
import { fitting, type Section } from './budget.ts';
import { asCarriedOut } from './carried-out.ts';
import { differenceBlock, type ShownPlan } from './difference.ts';
import { cell, code, cut, fenced, prose } from './escape.ts';
import { type CommentContext, footer, link } from './footer.ts';
import { deed, headline } from './headline.ts';
import { commentMarker, hiddenPlan, hiddenRefused } from './marker.ts';
import { placementTable } from './placement.ts';
import { podsList } from './pods.ts';
import { changesRoles, changesSlots, otherShards, shardTable } from './shards.ts';
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
      /** Plans that were shown and approved, where the present one is another. */
      readonly shown?: readonly ShownPlan[];
      /** The comment of a merged pull request in which it is told: what that one approves outlives a refusal. */
      readonly approved?: { readonly hash: string; readonly hidden: string };
    }
  | {
      readonly kind: 'applying';
      readonly plan: Plan;
      readonly estimate: Estimate;
      readonly progress: readonly string[];
    }
  | {
      readonly kind: 'applied';
      readonly plan: Plan;
      readonly estimate: Estimate;
      readonly seconds: number;
      /** The cluster as it was seen last. */
      readonly now: Cluster;
    }
  | {
      readonly kind: 'failed';
      readonly plan: Plan;
      readonly estimate: Estimate;
      readonly failure: Failure;
      /** Titles of the stages that were done. */
      readonly done: readonly string[];
    };

/** Where the text stands. */
interface Place extends Limits {
  readonly isComment: boolean;
  /** Whether the hidden plan holds the steps. */
  readonly isWhole: boolean;
}

/** GitHub takes 65,536 characters; the rest is for what redaction may add. */
const LONGEST_COMMENT = 60_000;

/** GitHub takes 1 MiB of summary from one step, for all clusters together. */
const LONGEST_SUMMARY = 900_000;

/** The comment about one cluster: the marker, what people read, and the hidden plan. */
export function commentBody(state: CommentState, context: CommentContext): string {
  const hidden = hiddenOf(state);
  const marker = commentMarker(context.file);
  const lines = hidden.lines.filter((line) => line !== '');
  const text = fitting(sectionsOf(state, context, { isComment: true, isWhole: hidden.whole, items: 8, text: 300 }), {
    most: LONGEST_COMMENT - marker.length - lines.reduce((sum, line) => sum + line.length + 1, 0) - 4,
    sizeOf: (written) => written.length,
    elsewhere: elsewhere(state, context),
  });
  return [marker, text, ...(lines.length === 0 ? [] : ['', ...lines])].join('\n');
}

/** What `planJson` writes: no tables, no places. */
const PLAN_FILE = `The output ${code('plan-file')} has the totals, the dangers and every step.`;

/** Where the rest of a comment is. While an apply goes on its summary is not written yet. */
function elsewhere({ kind }: CommentState, { runUrl }: CommentContext): string {
  return kind === 'applying'
    ? `The ${link(runUrl, 'run')} tells it: how it goes in its log, the rest in its summary when it ends.`
    : `All of it is in the ${link(runUrl, 'summary of the run')}. ${PLAN_FILE}`;
}

/** A plan that was refused approves nothing. */
function hiddenOf(state: CommentState): { readonly lines: readonly string[]; readonly whole: boolean } {
  if (state.kind !== 'refused') {
    const { line, whole } = hiddenPlan(state.plan, state.kind);
    return { lines: [line], whole };
  }
  const { plan, approved } = state;
  const refused = plan === null || plan.hash === approved?.hash ? '' : hiddenRefused(plan);
  return { lines: [refused, approved?.hidden ?? ''], whole: true };
}

/** The same for the summary of a run: whole, and without what is hidden. */
export function summaryBody(state: CommentState, context: CommentContext): string {
  return fitting(sectionsOf(state, context, { isComment: false, isWhole: true, items: 1_000, text: 2_000 }), {
    most: LONGEST_SUMMARY,
    sizeOf: (written) => Buffer.byteLength(written),
    elsewhere: PLAN_FILE,
  });
}

/** All that is told, and in which order it is left out: docs/approval.md has that, too. */
export function sectionsOf(state: CommentState, context: CommentContext, place: Place): readonly Section[] {
  return [
    { lines: [`### Redis Cluster ${code(context.cluster)}`, '', headlineOf(state)], drop: null },
    { lines: alertsOf(state, place), drop: null },
    { lines: reasonOf(state, place), drop: null },
    { lines: differencesOf(state), drop: 7, name: 'what differs' },
    { lines: progressOf(state), drop: 6, name: 'the progress' },
    ...(state.plan === null || state.estimate === null ? [] : planSections(state, state.plan, state.estimate, place)),
    { lines: nextOf(state, place), drop: null },
    { lines: [footer(context, hashOf(state))], drop: null },
  ];
}

function headlineOf(state: CommentState): string {
  switch (state.kind) {
    case 'planned':
      return `**${cell(headline(state.plan, state.estimate))}.**`;
    case 'refused':
      return `❌ ${refusalWords(state.failure)}`;
    case 'applying':
      return `⏳ **Applying.** ${cell(headline(state.plan, state.estimate))}.`;
    case 'applied':
      return `✅ **Applied in ${duration(state.seconds)}.** ${cell(deed(state.plan, state.estimate))}. The cluster was looked at once more: it is as declared.`;
    case 'failed':
      return state.plan.stages.length === 0
        ? '❌ **Failed:** nothing was left to do, and the cluster is not as declared.'
        : `❌ **Failed midway:** ${doneWords(state.done.length, state.plan.stages.length)}.`;
  }
}

function doneWords(done: number, stages: number): string {
  return done === 0
    ? 'no stage was finished'
    : `${counted(done, 'stage')} of ${stages} ${done === 1 ? 'is' : 'are'} done`;
}

function alertsOf(state: CommentState, place: Place): readonly string[] {
  switch (state.kind) {
    case 'planned':
      return [...amissAlert(state.plan, place), ...dangerAlerts(state.plan, state.missing, place)];
    case 'refused':
    case 'failed':
      return failureAlert(state.failure, place);
    case 'applying':
    case 'applied':
      return [];
  }
}

function differencesOf(state: CommentState): readonly string[] {
  if (state.kind !== 'refused') return [];
  const { plan, shown = [] } = state;
  return plan === null ? [] : shown.flatMap((one) => differenceBlock(one, plan));
}

function progressOf(state: CommentState): readonly string[] {
  if (state.kind === 'applying') {
    return state.progress.length === 0 ? [] : ['```text', ...state.progress.map(fenced), '```'];
  }
  if (state.kind !== 'failed' || state.done.length === 0) return [];
  return ['<details>', '<summary>What is done</summary>', '', ...state.done.map(doneLine), '', '</details>'];
}

/** The title of a stage begins with its number: that of an item of the list. */
function doneLine(title: string): string {
  const [, number = '', words = ''] = /^(\d+\. )(.*)$/s.exec(title) ?? [];
  return number === '' ? `- ${cell(title)}` : `${number}${cell(words)}`;
}

/** Why nothing but replicas changes, which no line of the file says. */
function reasonOf(state: CommentState, { text }: Place): readonly string[] {
  if (!isToCome(state) || state.plan === null) return [];
  const { topology, before, stages } = state.plan;
  if (stages.length === 0 || stages.flat().some(({ step }) => step.kind !== 'replicate')) return [];
  const found = placementFindings(topology, before).filter(({ weight }) => weight === 'differs');
  const shown = found.slice(0, MOST_REASONS).map((finding) => prose(cut(finding.text, text)));
  const more = found.length > MOST_REASONS ? ` And ${found.length - MOST_REASONS} more shards like that.` : '';
  return found.length === 0 ? [] : [`**Why:** ${shown.join(' ')}${more}`];
}

const MOST_REASONS = 2;

function isToCome({ kind }: CommentState): boolean {
  return kind === 'planned' || kind === 'refused';
}

/**
 * What is left out first is what is longest and needed least to decide. Where new pods run is known when all is done; while
 * the work goes on, and where it failed, nothing is told of it.
 */
function planSections(state: CommentState, plan: Plan, estimate: Estimate, place: Place): readonly Section[] {
  if (plan.stages.length === 0) return [];
  const manner = { isToCome: isToCome(state) };
  const [shown, seen] = state.kind === 'applied' ? [asCarriedOut(plan, state.now), state.now] : [plan, plan.before];
  const hasPlaces = changesRoles(plan) && (manner.isToCome || state.kind === 'applied');
  const hasShards = changesRoles(plan) || changesSlots(plan);
  const shards = hasShards ? shardTable(shown) : [];
  const notes = manner.isToCome ? dangerNotes(plan, place) : [];
  return [
    { lines: shards, drop: 4, name: 'the table of shards' },
    { lines: hasShards ? otherShards(shown) : [], drop: 1, name: 'the other shards' },
    { lines: [...podsList(shown, manner), ...notes], drop: 5, name: 'pods and volumes' },
    { lines: hasPlaces ? placementTable(shown, seen) : [], drop: 2, name: 'the placement' },
    { lines: stepsList(plan, estimate, { open: shards.length === 0, ...manner }), drop: 3, name: 'the steps' },
  ];
}

function nextOf(state: CommentState, { isComment, isWhole }: Place): readonly string[] {
  if (state.kind === 'refused') {
    const { failure, approved, plan } = state;
    return approved === undefined ? [] : [nextAfterRefusal(failure, approved.hash, plan?.hash ?? null)];
  }
  if (state.plan === null || state.plan.stages.length === 0) return [];
  const hash = code(state.plan.hash);
  const whole = isWhole
    ? []
    : [
        'The steps are too many to be kept in this comment: only exactly this plan is recognised, not the rest of it.',
        '',
      ];
  switch (state.kind) {
    case 'planned': {
      const under =
        state.underWay === null
          ? []
          : ['', `An apply is at work on this cluster now (${link(state.underWay, 'run')}), so the plan may change.`];
      return [...whole, isComment ? mergeWords(state.plan) : `**Next:** an apply carries out plan ${hash}.`, ...under];
    }
    case 'failed': {
      const approved = isWhole ? ` What is done stays, and what is left of plan ${hash} is still approved.` : '';
      return [...whole, `**Next:** mend the cause and run the job again.${approved}`];
    }
    case 'applying':
    case 'applied':
      return whole;
  }
}

function mergeWords(plan: Plan): string {
  const needed = missingAllow(plan, []);
  const words =
    needed.length === 0
      ? ''
      : `, if this is what you want and the step that applies has ${code(`allow: ${needed.join(' ')}`)}`;
  return `**Next:** merge${words}. Then plan ${code(plan.hash)} is applied, or what is left of it. If anything else is needed by then, nothing is changed and the run says what differs.`;
}

function hashOf({ plan }: CommentState): string | null {
  return plan === null || plan.stages.length === 0 ? null : plan.hash;
}
