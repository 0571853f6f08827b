import { type Cluster, memberOf } from '../core/cluster.ts';
import { contains, parse } from '../core/slots.ts';
import { type Cost, type Estimate, secondsOf } from '../plan/estimate.ts';
import type { Plan } from '../plan/plan.ts';
import type { Step } from '../steps/index.ts';
import { KINDS } from '../steps/index.ts';
import { slotWords } from '../steps/seen.ts';
import { cell } from './escape.ts';
import { about, bytes, counted, short } from './units.ts';

/** How the steps are shown. */
interface Manner {
  /** Unfolded. */
  readonly open: boolean;
  /** With the time that they are going to take. */
  readonly isToCome: boolean;
}

/** The steps stage by stage, to be folded out; those of one stage run at the same time. */
export function stepsList(plan: Plan, estimate: Estimate, { open, isToCome }: Manner): readonly string[] {
  const steps = plan.stages.flat().length;
  if (steps === 0) return [];
  const line = (step: Step): string => {
    const cost = costWords(step, estimate.steps.get(step), isToCome);
    return `${cell(wordsOf(step, plan.before))}${cost}`;
  };
  const lines = plan.stages.flatMap((stage, i) => {
    const [only] = stage;
    if (stage.length === 1 && only !== undefined) return [`${i + 1}. ${line(only.step)}`];
    return [`${i + 1}. At the same time:`, ...stage.map(({ step }) => `   - ${line(step)}`)];
  });
  const time = isToCome ? `, ${about(secondsOf(plan, estimate))}` : ', as planned';
  const title = `${counted(steps, 'step')} in ${counted(plan.stages.length, 'stage')}${time}`;
  return [open ? '<details open>' : '<details>', `<summary>${title}</summary>`, '', ...lines, '', '</details>'];
}

/** A repair that only ends a move which was cut off is said to be that. */
function wordsOf(step: Step, before: Cluster): string {
  if (step.kind !== 'repair-slots') return KINDS.words(step);
  const { owner, others, count } = step;
  const [from = '', ...more] = others;
  const slots = parse(step.slots) ?? [];
  const marks = (memberOf(before, from)?.open ?? []).filter(
    (mark) => mark.state === 'migrating' && mark.peer === owner && contains(slots, mark.slot),
  );
  if (more.length > 0 || marks.length !== count) return KINDS.words(step);
  const which = count === 1 ? `slot ${step.slots}` : slotWords(step);
  return `Finish moving ${which} from ${from} to ${owner}`;
}

function costWords(step: Step, cost: Cost | undefined, isToCome: boolean): string {
  if (cost === undefined) return '';
  const data = dataOf(step, cost);
  const time = isToCome && (data !== null || cost.seconds >= 10) ? about(cost.seconds) : null;
  const words = [data, time].filter((part) => part !== null).join(', ');
  return words === '' ? '' : ` · ${words}`;
}

function dataOf(step: Step, cost: Cost): string | null {
  if (step.kind === 'move-slots') {
    return cost.keys === 0 ? 'no keys' : `${short(cost.keys)} keys, ${bytes(cost.bytes)}`;
  }
  return step.kind === 'replicate' && cost.bytes > 0 ? `copies ${bytes(cost.bytes)}` : null;
}
