import type { Cost, Estimate } from '../plan/estimate.ts';
import type { Plan } from '../plan/plan.ts';
import type { Step } from '../steps/index.ts';
import { KINDS } from '../steps/index.ts';
import { cell } from './escape.ts';
import { secondsOf } from './headline.ts';
import { about, bytes, counted, short } from './units.ts';

/** The steps stage by stage, to be folded out; those of one stage run at the same time. */
export function stepsList(plan: Plan, estimate: Estimate, { open }: { open: boolean }): readonly string[] {
  const steps = plan.stages.flat().length;
  if (steps === 0) return [];
  const lines = plan.stages.flatMap((stage, i) => {
    const [only] = stage;
    if (stage.length === 1 && only !== undefined) return [`${i + 1}. ${line(only.step, estimate)}`];
    return [`${i + 1}. At the same time:`, ...stage.map(({ step }) => `   - ${line(step, estimate)}`)];
  });
  const title = `${counted(steps, 'step')} in ${counted(plan.stages.length, 'stage')}, ${about(secondsOf(plan, estimate))}`;
  return [open ? '<details open>' : '<details>', `<summary>${title}</summary>`, '', ...lines, '', '</details>'];
}

function line(step: Step, estimate: Estimate): string {
  return `${cell(KINDS.words(step))}${costWords(step, estimate.steps.get(step))}`;
}

function costWords(step: Step, cost: Cost | undefined): string {
  if (cost === undefined) return '';
  const time = about(cost.seconds);
  if (step.kind === 'move-slots') {
    return cost.keys === 0 ? ` · no keys, ${time}` : ` · ${short(cost.keys)} keys, ${bytes(cost.bytes)}, ${time}`;
  }
  if (step.kind === 'replicate' && cost.bytes > 0) return ` · copies ${bytes(cost.bytes)}, ${time}`;
  return cost.seconds >= 10 ? ` · ${time}` : '';
}
