import { resourceName } from '../../core/cluster.ts';
import type { When } from '../kind.ts';
import { type DeleteResources, ownResources } from './shape.ts';

/**
 * Everything of the manifests in reverse order, and the StatefulSet last: as long as it is there, its volumes are known by it.
 * Without StatefulSet and pods, what is left of a creation or deletion that was interrupted, or of a StatefulSet that somebody
 * deleted by hand.
 */
export const whenThere: When<DeleteResources> = ({ workload, pods, manifests, remains }, { topology }) => {
  const statefulSet = `StatefulSet/${topology.kubernetes.statefulSet}`;
  const own = ownResources(manifests).map(resourceName).toReversed();
  const isGone = workload === null && pods.length === 0;
  const resources = isGone
    ? own.filter((resource) => remains.includes(resource))
    : [...own.filter((resource) => resource !== statefulSet), statefulSet];
  return resources.length === 0 ? [] : [{ kind: 'delete-resources', resources }];
};
