import { Failure } from '../core/failure.ts';
import type { Place, Topology } from '../core/topology.ts';
import type { Desk } from './desk.ts';

/** Whether a run may look where a topology points. */
export type Trust =
  | { readonly kind: 'trusted'; readonly why: '' }
  /** It may look whether anything is there, and no further. */
  | { readonly kind: 'new'; readonly why: string }
  | { readonly kind: 'offline'; readonly why: string };

/**
 * What is not merged yet must not say where credentials go: the namespace, StatefulSet, container and port have to be
 * those that the base branch has. A file that is new there is planned when no credentials are at stake or nothing is
 * there yet to send them to.
 */
export async function trustOf(topology: Topology, desk: Desk): Promise<Trust> {
  const { pullRequest, base } = desk.occasion;
  if (pullRequest?.foreign === true) {
    const why =
      'This pull request comes from a fork or a bot and has no access to the cluster: the plan is made after the merge.';
    return { kind: 'offline', why };
  }
  if (base === null) return { kind: 'trusted', why: '' };
  const there = await desk.topologyAt(topology.file, base);
  if (there === null) {
    const why = `${topology.file} is new, so it may not yet say where credentials are sent: the plan of the existing StatefulSet is made after the merge.`;
    return desk.request.redis.password === null ? { kind: 'trusted', why: '' } : { kind: 'new', why };
  }
  const changed = differing(there.kubernetes, topology.kubernetes);
  if (changed.length === 0) return { kind: 'trusted', why: '' };
  const words = changed.map((name) => `kubernetes.${name}`).join(', ');
  const what = pullRequest === null ? 'merge group' : 'pull request';
  return {
    kind: 'offline',
    why: `This ${what} changes where the cluster is (${words}): what it says is used, and the plan made, after the merge.`,
  };
}

/** For what is more than a plan. Throws Failure `untrusted-pull-request` where even that would be offline. */
export async function expectTrust(topology: Topology, desk: Desk): Promise<void> {
  const { kind, why } = await trustOf(topology, desk);
  if (kind === 'trusted') return;
  throw new Failure('untrusted-pull-request', `Cannot run \`${desk.request.command}\` before the merge: ${why}`, {
    remedy: 'Use `command: plan` for pull requests, and the others for what is merged.',
  });
}

function differing(base: Place, head: Place): readonly string[] {
  const names = ['namespace', 'statefulSet', 'container', 'port'] as const;
  return names.filter((name) => base[name] !== head[name]);
}
