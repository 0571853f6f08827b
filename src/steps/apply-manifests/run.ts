import { Failure } from '../../core/failure.ts';
import type { StepContext } from '../../ports/context.ts';
import type { ApplyManifests } from './shape.ts';

/**
 * Applies the manifests, the StatefulSet last: where it exists already, all the others were applied. An existing one is
 * never written over, for its number of pods may have changed with the cluster in it.
 */
export async function run(step: ApplyManifests, context: StepContext): Promise<void> {
  const { kubernetes, topology, cluster, stop, tell } = context;
  const place = topology.kubernetes;
  const now = await kubernetes.look(place, { spreadBy: [], signal: stop });
  if (now.workload?.replicas === step.replicas) {
    tell({ kind: 'note', text: `The StatefulSet ${place.statefulSet} exists already with ${step.replicas} pods.` });
    return;
  }
  if (now.workload !== null) {
    throw changed(`The StatefulSet ${place.statefulSet} exists already, with ${now.workload.replicas} pods`);
  }
  if (cluster.manifests?.digest !== step.digest)
    throw changed(`The manifests at ${step.path} are not the planned ones`);

  await kubernetes.applyManifests(place, cluster.manifests, { replicas: step.replicas, signal: stop });
  tell({ kind: 'done', text: `Applied ${step.resources.join(', ')} in the namespace ${place.namespace}.` });

  const after = await kubernetes.look(place, { spreadBy: [], signal: stop });
  if (after.workload?.replicas !== step.replicas) {
    throw new Failure(
      'step-failed',
      `The StatefulSet ${place.statefulSet} was applied with ${step.replicas} pods and has ${after.workload?.replicas ?? 'gone'}.`,
      { remedy: 'Look for what else writes or deletes it, then run again.' },
    );
  }
  tell({ kind: 'verified', text: `The StatefulSet ${place.statefulSet} is to have ${step.replicas} pods.` });
}

function changed(what: string): Failure {
  return new Failure('changed-meanwhile', `${what}: the cluster changed since it was planned.`, {
    remedy: 'Run again: a new plan is made from what is there.',
  });
}
