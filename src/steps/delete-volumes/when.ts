import type { Cluster, Volume } from '../../core/cluster.ts';
import { byOrdinal } from '../../core/cluster.ts';
import type { When } from '../kind.ts';
import type { DeleteVolumes } from './shape.ts';

/** Volumes of pods beyond the last one that stays, where the topology says so. */
export const whenScaledDown: When<DeleteVolumes> = (now, { topology, layout }) => {
  if (topology.volumes.onScaleDown === 'retain' || now.workload === null) return [];
  const end = now.workload.firstOrdinal + layout.pods.length;
  return deletionOf(unused(now).filter((volume) => volume.ordinal >= end));
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
