import type { Cluster, Volume } from '../../core/cluster.ts';
import { byOrdinal } from '../../core/cluster.ts';
import type { When } from '../kind.ts';
import type { DeleteVolumes } from './shape.ts';

/**
 * Volumes of pods beyond the last one that stays, where the topology says so. Where it says `retain`, those that Kubernetes deletes
 * all the same: they are lost by what this plan does, so it has to show them, to ask for the word, and to be approved with them.
 */
export const whenScaledDown: When<DeleteVolumes> = (now, { topology, layout }) => {
  if (now.workload === null) return [];
  const end = now.workload.firstOrdinal + layout.pods.length;
  const left = unused(now).filter((volume) => volume.ordinal >= end);
  const isKept = topology.volumes.onScaleDown === 'retain';
  return deletionOf(isKept ? left.filter((volume) => volume.goesWithPod === true) : left);
};

/** All volumes, once the pods are gone. */
export const whenAbsent: When<DeleteVolumes> = (now) => (now.workload === null ? deletionOf(unused(now)) : []);

function unused(cluster: Cluster): readonly Volume[] {
  const used = new Set(cluster.pods.map((pod) => pod.ordinal));
  return cluster.volumes.filter((volume) => !volume.deleting && !used.has(volume.ordinal));
}

function deletionOf(volumes: readonly Volume[]): readonly DeleteVolumes[] {
  if (volumes.length === 0) return [];
  return [{ kind: 'delete-volumes', volumes: volumes.map((volume) => volume.claim).toSorted(byOrdinal) }];
}
