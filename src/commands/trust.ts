import { canonicalJson } from '../core/canonical-json.ts';
import { Failure } from '../core/failure.ts';
import type { Occasion } from '../core/request.ts';
import type { Place, Topology } from '../core/topology.ts';
import { type DeclaredAt, type Desk, topologyAt } from './desk.ts';

/** Whether a run may look where a topology points. */
export type Trust =
  | { readonly kind: 'trusted'; readonly why: '' }
  /** It may look whether anything is there, and no further. */
  | { readonly kind: 'new'; readonly why: string }
  | { readonly kind: 'offline'; readonly why: string };

const TRUSTED: Trust = { kind: 'trusted', why: '' };

/**
 * What is not merged yet must not say where credentials go: the namespace, StatefulSet, container and port have to be
 * those that the base branch has, and those of the default branch, where the base branch is another one that nothing
 * protects. A file that is new there is planned when no credentials are at stake or nothing is there yet to send them to.
 */
export async function trustOf(topology: Topology, desk: Desk): Promise<Trust> {
  const { pullRequest, base, aside } = desk.occasion;
  if (pullRequest?.foreign === true) {
    const why =
      'This pull request comes from a fork or a bot and has no access to the cluster: the plan is made after the merge.';
    return { kind: 'offline', why };
  }
  if (base === null) return TRUSTED;
  const isSecretAtStake = desk.request.redis.password !== null;
  if (desk.github === null) {
    const why = `Without \`github-token\` nobody can see what the base branch says of ${topology.file}, so it may not say where credentials are sent: the plan of the existing StatefulSet is made after the merge.`;
    return isSecretAtStake ? { kind: 'new', why } : TRUSTED;
  }
  const trust = await measuredBy(base, topology, desk, isSecretAtStake);
  if (trust.kind === 'offline' || aside === null) return trust;
  if (await desk.github.isProtected(aside.branch, { signal: desk.stop })) return trust;
  const other = await measuredBy(aside.defaultBranch, topology, desk, isSecretAtStake);
  if (other.kind === 'trusted') return trust;
  const why = `${other.why} It counts what ${aside.defaultBranch} has, since anybody who may push can have made ${aside.branch}, which is not protected.`;
  return { ...other, why };
}

/** @param ref a branch or commit whose files people have agreed to */
async function measuredBy(ref: string, topology: Topology, desk: Desk, isSecretAtStake: boolean): Promise<Trust> {
  const there = await desk.files.declaredAt(topology.file, ref);
  if (there.kind !== 'topology') {
    return isSecretAtStake ? { kind: 'new', why: unmeasured(topology.file, there.kind) } : TRUSTED;
  }
  const changed = differing(there.topology.kubernetes, topology.kubernetes);
  if (changed.length === 0) return TRUSTED;
  const words = changed.map((name) => `kubernetes.${name}`).join(', ');
  return {
    kind: 'offline',
    why: `This ${unmergedIn(desk.occasion)} changes where the cluster is (${words}): what it says is used, and the plan made, after the merge.`,
  };
}

/** Why what a file says cannot be compared with what people have agreed to. */
function unmeasured(file: string, kind: Exclude<DeclaredAt['kind'], 'topology'>): string {
  const then = 'say where credentials are sent: the plan of the existing StatefulSet is made after the merge.';
  switch (kind) {
    case 'none':
      return `${file} is new, so it may not yet ${then}`;
    case 'mistakes':
      return `${file} has mistakes in the branch that this is measured by, so nobody can see where the cluster is there, and it may not yet ${then}`;
    case 'other-repository':
      return `${file} lies in the checkout of another repository, so no branch of this one tells what people have agreed to, and it may not ${then} To plan it before, keep it in the repository whose workflow this is.`;
  }
}

/** What is not merged yet. */
function unmergedIn({ event, pullRequest }: Occasion): string {
  if (pullRequest !== null) return 'pull request';
  return event === 'workflow_run' ? 'branch' : 'merge group';
}

/**
 * `pull_request_target` checks the base branch out, unless the workflow names another commit. A plan of these files would be
 * taken for that of the pull request. Throws Failure `untrusted-pull-request` where the file is not that of its head.
 */
export async function expectHead(topology: Topology, desk: Desk): Promise<void> {
  const { event, commit, pullRequest } = desk.occasion;
  if (event !== 'pull_request_target' || pullRequest?.foreign === true) return;
  const head = await topologyAt(desk.files, topology.file, commit);
  if (head !== null && canonicalJson(head) === canonicalJson(topology)) return;
  const what = `Refused: \`pull_request_target\` runs on the files of the base branch, and ${topology.file} here is not that of the head of the pull request.`;
  throw new Failure('untrusted-pull-request', what, { remedy: 'Use the event `pull_request`.' });
}

/** Events that only somebody with the right to write to the repository can cause, or that ask for an approval. */
const APPLIES_ON: readonly string[] = [
  '',
  'push',
  'workflow_dispatch',
  'repository_dispatch',
  'schedule',
  'release',
  'deployment',
  'merge_group',
  'pull_request',
];

/**
 * For what is more than a plan. Throws Failure `untrusted-pull-request` where even that would be offline or the event is one
 * that anybody can cause, `plan-not-approved` to apply what is not merged.
 */
export async function expectTrust(topology: Topology, desk: Desk): Promise<void> {
  const { command } = desk.request;
  if (command === 'apply') expectMandate(topology, desk);
  const { kind, why } = await trustOf(topology, desk);
  if (kind === 'trusted') return;
  throw new Failure('untrusted-pull-request', `Cannot run \`${command}\` before the merge: ${why}`, {
    remedy: 'Use `command: plan` for pull requests, and the others for what is merged.',
  });
}

function expectMandate({ name }: Topology, { occasion: { event, trigger, base, pullRequest } }: Desk): void {
  if (!APPLIES_ON.includes(trigger)) {
    const what = `Refused: \`command: apply\` on the event \`${trigger}\`, which people without rights may cause, or which says nothing of what is to be applied.`;
    const remedy = 'Apply on push; to apply by hand, on workflow_dispatch with `approved-plan`.';
    throw new Failure('untrusted-pull-request', what, { remedy });
  }
  if (base !== null && event === 'workflow_run') {
    const what = `Cannot apply to ${name}: this run follows one that was not of ${base}, so what it has is not merged there.`;
    throw new Failure('plan-not-approved', what, { remedy: 'Apply on the push that merges it.' });
  }
  if (base !== null && pullRequest === null) {
    const what = `Cannot apply to ${name}: a merge queue only tries what is not merged yet.`;
    throw new Failure('plan-not-approved', what, {
      remedy: 'Plan in the merge queue, and apply on the push that follows.',
    });
  }
}

function differing(base: Place, head: Place): readonly string[] {
  const names = ['namespace', 'statefulSet', 'container', 'port'] as const;
  return names.filter((name) => base[name] !== head[name]);
}
