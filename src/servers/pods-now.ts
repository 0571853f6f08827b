import type { Cluster } from '../core/cluster.ts';
import { isSilence, mayPass } from '../core/failure.ts';
import type { StepContext } from '../ports/context.ts';
import { type Look, until, type Wait } from './until.ts';

/**
 * The cluster that a step began with, on the pods as Kubernetes has them now: one that was started anew has another IP. One that is
 * not there at the moment stays as it was. So do all while Kubernetes does not answer, and for a run that is to stop: it has no time to ask.
 */
export async function withPodsNow({ cluster, kubernetes, topology, stop }: StepContext): Promise<Cluster> {
  if (stop.aborted) return cluster;
  try {
    const view = await kubernetes.look(topology.kubernetes, { spreadBy: [], signal: stop });
    const now = new Map(view.pods.map((pod) => [pod.name, pod]));
    return { ...cluster, pods: cluster.pods.map((pod) => now.get(pod.name) ?? pod) };
  } catch (thrown) {
    // What leads past the API server to the pods may lead on.
    if (stop.aborted || mayPass(thrown)) return cluster;
    throw thrown;
  }
}

/** As `until`, for what is asked of pods: after one did not answer, all are looked for where they are now. */
export async function untilOnPodsNow<T>(
  context: StepContext,
  wait: Wait,
  look: (cluster: Cluster) => Promise<Look<T>>,
): Promise<T> {
  let { cluster } = context;
  return until(context, wait, async () => {
    try {
      return await look(cluster);
    } catch (thrown) {
      if (isSilence(thrown)) cluster = await withPodsNow(context);
      throw thrown;
    }
  });
}
