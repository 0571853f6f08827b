import { exchange } from '../plan/exchange.ts';
import { type Plan, steps } from '../plan/plan.ts';
import { KINDS, type Step } from '../steps/index.ts';
import { code, cut, fenced } from './escape.ts';
import { counted } from './units.ts';

/** A plan that people were shown, and that is not the one that would be carried out now. */
export interface ShownPlan {
  /** Where it was shown, such as `#7`. */
  readonly where: string;
  readonly hash: string;
  readonly steps: readonly Step[];
  /** Pods that did not exist when it was made. */
  readonly unbound: readonly string[];
}

/** A step of both plans, or of one of them. */
interface Line {
  /** As a diff marks it. */
  readonly sign: '+' | '-' | ' ';
  readonly text: string;
}

/** More lines nobody reads; the plans are in `plan-file` and in the comment. */
const MOST_LINES = 300;
const LONGEST_LINE = 300;

/** Equal lines that stay beside a difference on each side. */
const AROUND = 2;

/** Approved and present plan as a block that GitHub colours: `-` for steps that went, `+` for those that came. */
export function differenceBlock(shown: ShownPlan, now: Plan): readonly string[] {
  const title = `**What differs:** plan ${code(shown.hash)} was shown in ${code(shown.where)}, now it is plan ${code(now.hash)}.`;
  const lines = folded(differenceLines(shown, now));
  const left = lines.length - MOST_LINES;
  const more = left > 0 ? [`@@ and ${counted(left, 'more line')} @@`] : [];
  const written = lines.slice(0, MOST_LINES).map((line) => fenced(cut(line, LONGEST_LINE)));
  return [title, '', '```diff', ...written, ...more, '```', ''];
}

/**
 * The steps of both plans in one order, that of the present plan. What is done by now, or the open part of an approved
 * step, is no difference; nor is it that new pods exchanged their roles.
 *
 * Algorithm: goes through the present steps; where the approved plan has one of the same kind for the same pods further
 * on, what it has before that comes first.
 */
function differenceLines(shown: ShownPlan, now: Plan): readonly Line[] {
  const name = exchange(shown.steps, now, shown.unbound);
  const approved = shown.steps.map((step) => KINDS.rename(step, name));
  const present = steps(now);
  const placeOf = new Map(approved.map((step, i) => [subjectOf(step), i]));
  const gone = (from: number, to: number): readonly Line[] =>
    approved.slice(from, to).flatMap((step) => lineOfApproved(step, present, now));
  const lines: Line[] = [];
  let next = 0;
  for (const step of present) {
    const place = placeOf.get(subjectOf(step)) ?? -1;
    if (place >= next) {
      lines.push(...gone(next, place + 1));
      next = place + 1;
    }
    lines.push(lineOfPresent(step, approved));
  }
  return [...lines, ...gone(next, approved.length)];
}

function lineOfPresent(step: Step, approved: readonly Step[]): Line {
  const text = KINDS.words(step);
  const agreed = approved.filter((other) => KINDS.covers(other, step)).map((other) => KINDS.words(other));
  if (agreed.length === 0) return { sign: '+', text };
  return { sign: ' ', text: agreed.includes(text) ? text : `${text} (left of an approved step)` };
}

/** None where a present step stands for it. */
function lineOfApproved(step: Step, present: readonly Step[], { before }: Plan): readonly Line[] {
  if (present.some((other) => KINDS.covers(step, other))) return [];
  const text = KINDS.words(step);
  return [KINDS.isDone(step, before) ? { sign: ' ', text: `${text} (done)` } : { sign: '-', text }];
}

/** The kind and the pods: what stays the same where the amount differs. */
function subjectOf(step: Step): string {
  const pods: string[] = [];
  KINDS.rename(step, (pod) => {
    pods.push(pod);
    return pod;
  });
  return [step.kind, ...pods].join(' ');
}

/** Long runs of what is the same in both plans become one line that counts them. */
function folded(lines: readonly Line[]): readonly string[] {
  const isNear = lines.map((_, i) => lines.slice(Math.max(0, i - AROUND), i + AROUND + 1).some(isDifference));
  const text: string[] = [];
  let same = 0;
  const flush = (): void => {
    if (same > 0) text.push(`@@ ${counted(same, 'step')} as approved @@`);
    same = 0;
  };
  for (const [i, line] of lines.entries()) {
    if (isNear[i] === true) {
      flush();
      text.push(`${line.sign} ${line.text}`);
    } else {
      same += 1;
    }
  }
  flush();
  return text;
}

function isDifference({ sign }: Line): boolean {
  return sign !== ' ';
}
