import type { When } from '../kind.ts';
import type { DeleteResources } from './shape.ts';

/** What others may live in or by, and what takes all that is in it along: it stays, though the manifests hold it. */
const SHARED: readonly string[] = ['Namespace', 'CustomResourceDefinition', 'StorageClass', 'PriorityClass'];

/**
 * Everything of the manifests in reverse order, and the StatefulSet last: as long as it is there, a deletion that was
 * interrupted is seen to be unfinished.
 */
export const whenThere: When<DeleteResources> = ({ workload, pods, manifests }, { topology }) => {
  if (workload === null && pods.length === 0) return [];
  const statefulSet = `StatefulSet/${topology.kubernetes.statefulSet}`;
  const own = (manifests?.resources ?? []).filter(({ kind }) => !SHARED.includes(kind));
  const others = own.map(({ kind, name }) => `${kind}/${name}`);
  const reversed = others.filter((resource) => resource !== statefulSet).toReversed();
  return [{ kind: 'delete-resources', resources: [...reversed, statefulSet] }];
};
