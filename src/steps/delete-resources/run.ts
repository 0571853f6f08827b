import { resourceName } from '../../core/cluster.ts';
import { Failure } from '../../core/failure.ts';
import type { StepContext } from '../../ports/context.ts';
import type { ResourceRef } from '../../ports/kubernetes.ts';
import { until } from '../../servers/until.ts';
import type { DeleteResources } from './shape.ts';

const SECONDS = 600;

/** Deletes the resources that are still there, and waits until they and the StatefulSet's pods are gone. */
export async function run(step: DeleteResources, context: StepContext): Promise<void> {
  const { kubernetes, topology, stop, tell } = context;
  const place = topology.kubernetes;
  const refs = [...new Set(step.resources)].flatMap((name) => refsOf(name, context));
  const present = await kubernetes.existing(place, refs, { signal: stop });
  await kubernetes.deleteResources(place, present, { signal: stop });

  const wait = {
    for: 'the resources and pods to be gone',
    seconds: SECONDS,
    every: 500,
    remedy: 'Look at them with `kubectl describe`: a finalizer or a node that is lost keeps them. Then run again.',
  };
  await until(context, wait, async () => {
    const [resources, view] = await Promise.all([
      kubernetes.existing(place, present, { signal: stop }),
      kubernetes.look(place, { spreadBy: [], signal: stop }),
    ]);
    const left = [
      ...resources.map(({ kind, name }) => `${kind}/${name}`),
      ...view.pods.map((pod) => `Pod/${pod.name}`),
    ];
    return left.length === 0
      ? { done: true, value: undefined }
      : { done: false, seen: `still there: ${left.join(', ')}` };
  });
  tell({ kind: 'verified', text: `Gone: ${step.resources.join(', ')}.` });
}

/** The plan names a resource as `Kind/name`; its API version and namespace are in the manifests, in which several may have one name. */
function refsOf(name: string, { cluster, topology }: StepContext): readonly ResourceRef[] {
  const found = (cluster.manifests?.resources ?? []).filter((resource) => resourceName(resource) === name);
  if (found.length > 0) return found;
  const { statefulSet, namespace } = topology.kubernetes;
  if (name === `StatefulSet/${statefulSet}`) {
    return [{ apiVersion: 'apps/v1', kind: 'StatefulSet', name: statefulSet, namespace }];
  }
  throw new Failure(
    'changed-meanwhile',
    `Cannot delete ${name}: the manifests that were planned with held it, and these do not.`,
    {
      remedy: 'Run again: a new plan is made from what is there.',
    },
  );
}
