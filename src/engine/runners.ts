import type { StepContext } from '../ports/context.ts';
import { run as applyManifests } from '../steps/apply-manifests/run.ts';
import { run as assignSlots } from '../steps/assign-slots/run.ts';
import { run as deleteResources } from '../steps/delete-resources/run.ts';
import { run as deleteVolumes } from '../steps/delete-volumes/run.ts';
import { run as failOver } from '../steps/fail-over/run.ts';
import { run as forget } from '../steps/forget/run.ts';
import type { Step } from '../steps/index.ts';
import { run as join } from '../steps/join/run.ts';
import { run as moveSlots } from '../steps/move-slots/run.ts';
import { run as remove } from '../steps/remove/run.ts';
import { run as repairAddress } from '../steps/repair-address/run.ts';
import { run as repairSlots } from '../steps/repair-slots/run.ts';
import { run as replicate } from '../steps/replicate/run.ts';
import { run as scale } from '../steps/scale/run.ts';
import { run as waitForPods } from '../steps/wait-for-pods/run.ts';

/** Carries out one step. A kind without a runner does not compile. */
export function runStep(step: Step, context: StepContext): Promise<void> {
  switch (step.kind) {
    case 'apply-manifests':
      return applyManifests(step, context);
    case 'scale':
      return scale(step, context);
    case 'wait-for-pods':
      return waitForPods(step, context);
    case 'repair-address':
      return repairAddress(step, context);
    case 'repair-slots':
      return repairSlots(step, context);
    case 'join':
      return join(step, context);
    case 'assign-slots':
      return assignSlots(step, context);
    case 'replicate':
      return replicate(step, context);
    case 'fail-over':
      return failOver(step, context);
    case 'move-slots':
      return moveSlots(step, context);
    case 'remove':
      return remove(step, context);
    case 'forget':
      return forget(step, context);
    case 'delete-volumes':
      return deleteVolumes(step, context);
    case 'delete-resources':
      return deleteResources(step, context);
  }
}
