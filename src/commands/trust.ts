import type { Place, Topology } from '../core/topology.ts';
import type { Desk } from './desk.ts';

/** Whether a run may look where a topology points. */
export type Trust =
  | { readonly kind: 'trusted'; readonly why: '' }
  /** It may look whether anything is there, and no further. */
  | { readonly kind: 'new'; readonly why: string }
  | { readonly kind: 'offline'; readonly why: string };

/**
 * A pull request's own file must not say where credentials go: the namespace, StatefulSet, container and port have to be
 * those that the base branch has. A file that is new there is planned when no credentials are at stake or nothing is
 * there yet to send them to.
 */
export async function trustOf(topology: Topology, desk: Desk): Promise<Trust> {
  const { pullRequest } = desk.occasion;
  if (pullRequest === null) return { kind: 'trusted', why: '' };
  if (pullRequest.foreign) {
    const why =
      'This pull request comes from a fork or a bot and has no access to the cluster: the plan is made after the merge.';
    return { kind: 'offline', why };
  }
  const base = await desk.atBase(topology.file);
  if (base === null) {
    const why = `${topology.file} is new, so it may not yet say where credentials are sent: the plan of the existing StatefulSet is made after the merge.`;
    return desk.request.redis.password === null ? { kind: 'trusted', why: '' } : { kind: 'new', why };
  }
  const changed = differing(base.kubernetes, topology.kubernetes);
  if (changed.length === 0) return { kind: 'trusted', why: '' };
  const words = changed.map((name) => `kubernetes.${name}`).join(', ');
  return {
    kind: 'offline',
    why: `This pull request changes where the cluster is (${words}): what it says is used, and the plan made, after the merge.`,
  };
}

function differing(base: Place, head: Place): readonly string[] {
  const names = ['namespace', 'statefulSet', 'container', 'port'] as const;
  return names.filter((name) => base[name] !== head[name]);
}
