import { Failure } from '../../core/failure.ts';
import { listed } from '../../core/wording.ts';
import type { StepContext } from '../../ports/context.ts';
import { until } from '../../servers/until.ts';
import type { Scale } from './shape.ts';

/** A pod may take its whole terminationGracePeriod to save and stop. */
const GONE_SECONDS = 600;

/** Sets the number of pods. Where it falls, waits until the pods that go are gone: others may count on their silence. */
export async function run(step: Scale, context: StepContext): Promise<void> {
  const { kubernetes, topology, stop, tell } = context;
  const place = topology.kubernetes;
  const now = await kubernetes.look(place, { spreadBy: [], signal: stop });
  if (now.workload?.replicas === step.to) {
    tell({ kind: 'note', text: `The StatefulSet ${place.statefulSet} has ${step.to} pods already.` });
  } else {
    await kubernetes.scale(place, step, { signal: stop });
    tell({
      kind: 'done',
      text: `Set the pods of the StatefulSet ${place.statefulSet} from ${step.from} to ${step.to}.`,
    });
  }
  if (step.to < step.from) await untilGone(step, context);
  await verify(step, context);
}

async function untilGone(step: Scale, context: StepContext): Promise<void> {
  const { kubernetes, topology, stop } = context;
  const wait = {
    for: `the pods above ${step.to} to be gone`,
    seconds: GONE_SECONDS,
    every: 500,
    remedy:
      'Look at these pods with `kubectl describe pod`: a finalizer or a node that is lost keeps them. Then run again.',
  };
  await until(context, wait, async () => {
    const { workload, pods } = await kubernetes.look(topology.kubernetes, { spreadBy: [], signal: stop });
    const firstToGo = (workload?.firstOrdinal ?? 0) + step.to;
    const left = pods.filter((pod) => pod.ordinal >= firstToGo).map((pod) => pod.name);
    return left.length === 0
      ? { done: true, value: undefined }
      : { done: false, seen: `still there: ${left.join(', ')}` };
  });
}

/** Something else may have set the number back at once (Argo CD does within seconds). */
async function verify(step: Scale, { kubernetes, topology, stop, tell }: StepContext): Promise<void> {
  const { workload } = await kubernetes.look(topology.kubernetes, { spreadBy: [], signal: stop });
  if (workload?.replicas === step.to) {
    tell({ kind: 'verified', text: `The StatefulSet ${workload.name} is to have ${step.to} pods.` });
    return;
  }
  const owners = workload?.owners ?? [];
  throw new Failure(
    'step-failed',
    `The StatefulSet ${topology.kubernetes.statefulSet} was set to ${step.to} pods and now has ${workload?.replicas ?? 'gone'}.`,
    {
      remedy:
        owners.length === 0
          ? 'Look for what else scales it, then run again.'
          : `It is also written by ${listed(owners)}: let that leave the number of pods alone, then run again.`,
    },
  );
}
