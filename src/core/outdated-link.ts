import type { ServerInfo } from './info.ts';
import type { NodeView } from './nodes.ts';

/**
 * Whether a replica goes on looking for its primary at an address that this has left, though it knows the new one. Where it learns
 * the new one from a third node, the server changes only what it tells of the cluster and not where it replicates from, and later
 * finds nothing to change (clusterProcessGossipSection and nodeUpdateAddressIfNeeded of cluster.c): its link stays down for good.
 */
export function hasOutdatedLink({ role, linkUp, primaryAddress }: ServerInfo, { me, others }: NodeView): boolean {
  if (role !== 'replica' || linkUp || primaryAddress === null) return false;
  const primary = others.find(({ id }) => id === me.primary);
  return primary?.addressKnown === true && primaryAddress !== `${primary.ip}:${primary.port}`;
}
