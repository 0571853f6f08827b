import { Failure } from '../../core/failure.ts';
import type { StepContext } from '../../ports/context.ts';
import { until } from '../../servers/until.ts';
import { claimTemplatesOf, type DeleteVolumes } from './shape.ts';

const SECONDS = 300;

/**
 * Deletes the volumes once the pods that used them are gone. A volume whose pod is to run is never touched: Kubernetes
 * would keep it only until that pod restarts.
 */
export async function run(step: DeleteVolumes, context: StepContext): Promise<void> {
  const { kubernetes, topology, tell, stop } = context;
  const place = topology.kubernetes;
  const claimTemplates = claimTemplatesOf(step.volumes, place.statefulSet);
  const wanted = new Set(step.volumes);
  const left = async () => {
    const view = await kubernetes.look(place, { spreadBy: [], claimTemplates, signal: stop });
    return { view, volumes: view.volumes.filter((volume) => wanted.has(volume.claim)) };
  };

  const { view, volumes } = await left();
  const end = (view.workload?.firstOrdinal ?? 0) + (view.workload?.replicas ?? 0);
  const needed = volumes.filter((volume) => volume.ordinal < end);
  if (needed.length > 0) throw stillNeeded(needed.map((volume) => volume.claim));

  const wait = {
    for: 'the pods that use the volumes to be gone',
    seconds: SECONDS,
    every: 500,
    remedy: 'Look at these pods with `kubectl describe pod`, then run again.',
  };
  const ordinals = new Set(volumes.map((volume) => volume.ordinal));
  await until(context, wait, async () => {
    const users = (await left()).view.pods.filter((pod) => ordinals.has(pod.ordinal)).map((pod) => pod.name);
    return users.length === 0
      ? { done: true, value: undefined }
      : { done: false, seen: `still there: ${users.join(', ')}` };
  });

  // What Kubernetes deletes by itself is only waited for: that takes no right.
  const claims = volumes.filter((volume) => volume.goesWithPod !== true).map((volume) => volume.claim);
  await kubernetes.deleteVolumes(place, claims, { signal: stop });
  await until(context, { ...wait, for: 'the volumes to be gone' }, async () => {
    const names = (await left()).volumes.map((volume) => volume.claim);
    return names.length === 0
      ? { done: true, value: undefined }
      : { done: false, seen: `still there: ${names.join(', ')}` };
  });
  tell({ kind: 'verified', text: `Gone: ${step.volumes.join(', ')}.` });
}

function stillNeeded(claims: readonly string[]): Failure {
  return new Failure(
    'changed-meanwhile',
    `Cannot delete the volumes ${claims.join(', ')}: their pods are to run (again), and their data would be lost.`,
    { remedy: 'Run again: a new plan is made from what is there.' },
  );
}
