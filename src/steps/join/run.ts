import {
  byOrdinal,
  type Cluster,
  type Member,
  memberOf,
  ownAllSlots,
  type Pod,
  podOf,
  slotOwners,
} from '../../core/cluster.ts';
import { Failure } from '../../core/failure.ts';
import { text } from '../../core/replies.ts';
import { isEmpty, minus, print, union } from '../../core/slots.ts';
import { copyFunctions } from '../../migration/functions.ts';
import type { StepContext } from '../../ports/context.ts';
import { ask, refusal } from '../../servers/ask.ts';
import { untilOnPodsNow } from '../../servers/pods-now.ts';
import { infoOf } from '../../servers/replication.ts';
import type { Look } from '../../servers/until.ts';
import { SECONDS_PER_MEMBER, type View, viewOf, viewsOfMembers } from '../../servers/views.ts';
import type { Join } from './shape.ts';

/** More than the 60 s for which nodes refuse to meet one that they were told to forget. */
const SECONDS = 90;
/** Milliseconds: MEET that is dropped (the ban, a lost packet) gives no error, so it is said again. */
const MEET_AGAIN = 5_000;

/**
 * Introduces an empty node, one that an old volume misleads after a reset: config epoch of its own, functions, MEET by the seed, then waits until every member and
 * the node see each other. The seed is the joined member of the lowest ordinal; where nobody has joined yet, the blank
 * pod of the lowest ordinal, which has nobody to meet.
 */
export async function run(step: Join, context: StepContext): Promise<void> {
  const joiner = partyOf(step.pod, step, context);
  const seed = partyOf(seedOf(step, context), step, context);
  if (joiner.member.stale !== undefined) await dropPast(joiner, step, context);
  await prepare(joiner, step, context);
  if (seed.member.pod === step.pod) return;
  // Its own join may not have come to this yet, and a node that knows another takes no epoch any more.
  if (!seed.member.joined) await prepare(seed, step, context);

  const [owner] = slotOwners(context.cluster);
  const ownerPod = owner === undefined ? undefined : podOf(context.cluster, owner.pod);
  // A server that takes no writes before its replicas are there gets the functions with its first slots.
  if (ownerPod !== undefined) await copyFunctions({ from: ownerPod, to: joiner.pod, keep: 'donor' }, context);
  await meet(joiner, seed, context);
  context.tell({ kind: 'verified', text: `${step.pod} has joined: it and all members see each other.` });
}

interface Party {
  readonly pod: Pod;
  readonly member: Member;
}

function partyOf(name: string, step: Join, context: StepContext): Party {
  const pod = podOf(context.cluster, name);
  const member = memberOf(context.cluster, name);
  if (pod !== undefined && member !== undefined) return { pod, member };
  throw failed(step, `Redis of pod ${name} does not answer.`);
}

function seedOf(step: Join, context: StepContext): string {
  const joined = context.cluster.members.filter((member) => member.joined);
  const candidates = (joined.length > 0 ? joined : context.cluster.members).map((member) => member.pod);
  return candidates.toSorted(byOrdinal)[0] ?? step.pod;
}

/**
 * RESET HARD for a node that came back on an old volume: it drops slots that others own, and old acquaintances. Sees once more that
 * nothing is lost with it, and that it is nobody's member.
 */
async function dropPast({ pod }: Party, step: Join, context: StepContext): Promise<void> {
  const { stop: signal } = context;
  const connection = await context.redis.connection(pod, { signal });
  const { me } = await viewOf(connection, { signal });
  const joined = context.cluster.members.filter((other) => other.joined);
  const views = [...(await viewsOfMembers(context, joined, { signal })).values()];
  const claimed = minus(me.slots, union(...views.map((view) => view.me.slots)));
  if (!isEmpty(claimed)) throw failed(step, `it owns slots ${print(claimed)}, which nobody else does.`);
  if (views.some(({ nodes }) => nodes.has(me.id))) throw failed(step, 'members know it by now.');
  await refuseKeys(pod, step, context);
  await ask(connection, ['CLUSTER', 'RESET', 'HARD'], { signal, timeout: 60_000 });
  context.tell({ kind: 'note', text: `${step.pod} came back on an old volume without a key: it was reset.` });
}

async function refuseKeys(pod: Pod, step: Join, context: StepContext): Promise<void> {
  const { keys } = await infoOf(pod, context);
  if (keys === 0) return;
  throw failed(step, `${pod.name} holds ${keys} keys though it is in no cluster; they would be mixed into this one.`);
}

/** Sees that the node is blank and gives it its config epoch, unless it knows others already. */
async function prepare({ pod, member }: Party, step: Join, context: StepContext): Promise<void> {
  const { stop: signal } = context;
  const connection = await context.redis.connection(pod, { signal });
  const view = await viewOf(connection, { signal });
  if (view.nodes.size > 1) return refuseForeigners(view, step, context);
  await refuseKeys(pod, step, context);
  if (view.me.slots.length > 0) throw failed(step, `${pod.name} owns slots though it knows no other node.`);
  const info = text(await ask(connection, ['CLUSTER', 'INFO'], { signal }), `CLUSTER INFO of ${pod.name}`);
  if (!/^cluster_my_epoch:0\r?$/m.test(info)) return;
  const [answer] = await connection.send([['CLUSTER', 'SET-CONFIG-EPOCH', epochOf(member, context)]], { signal });
  // Another join of this stage may have been faster: then it has an epoch, or it knows somebody, and servers settle it.
  if (answer?.ok !== false || /already non-zero|does not know any other node/i.test(answer.error)) return;
  const cause = refusal(pod.name, ['CLUSTER', 'SET-CONFIG-EPOCH'], answer.error);
  if (cause.code !== 'redis-error') throw cause;
  throw failed(step, `${pod.name} refuses its config epoch: "${answer.error}".`);
}

/**
 * Larger than all that are known, and another one for each blank pod: by its position among them, so that joins that
 * run at the same time come to different ones.
 */
function epochOf(member: Member, context: StepContext): number {
  const highest = Math.max(0, ...context.cluster.members.map((other) => other.configEpoch));
  const blank = context.cluster.members.filter((other) => !other.joined).map((other) => other.pod);
  return highest + 1 + Math.max(0, blank.toSorted(byOrdinal).indexOf(member.pod));
}

/** A node that an interrupted run has introduced knows members of this cluster only. */
function refuseForeigners(view: View, step: Join, context: StepContext): void {
  const own = new Set(context.cluster.members.map((member) => member.id));
  const foreign = [...view.nodes.values()].filter((node) => !node.handshake && !own.has(node.id));
  const known = new Set(context.cluster.strangers.map((stranger) => stranger.id));
  const other = foreign.find((node) => !known.has(node.id));
  if (other === undefined) return;
  throw failed(step, `it knows node ${other.id} (${other.ip}:${other.port}), which is no member of this cluster.`);
}

/** Says MEET until the seed knows the node, and waits until everybody that the seed knows and the node see each other. */
async function meet(joiner: Party, seed: Party, context: StepContext): Promise<void> {
  const { stop: signal, clock } = context;
  const wait = {
    for: `${joiner.pod.name} and all members to see each other`,
    seconds: SECONDS + context.cluster.members.length * SECONDS_PER_MEMBER,
    remedy: 'Look whether the pods reach each other on the port and on the cluster bus port; then run apply again.',
  };
  let metAt = Number.NEGATIVE_INFINITY;
  let times = 0;
  await untilOnPodsNow(context, wait, async (cluster) => {
    const now = { ...context, cluster };
    const views = await viewsOfMembers(now, cluster.members, { signal });
    const own = views.get(joiner.pod.name);
    const seeds = views.get(seed.pod.name);
    if (own === undefined || seeds === undefined) return { done: false, seen: 'no answer' };
    const isKnown = seeds.nodes.get(own.me.id)?.handshake === false && own.nodes.has(seeds.me.id);
    if (!isKnown && clock.now() - metAt >= MEET_AGAIN) {
      metAt = clock.now();
      times += 1;
      await sayMeet({ joiner, seed, own, times }, now);
    }
    const members = new Map([...views].filter(([, view]) => isMet(seeds, view.me.id)));
    const strange = strangeness(joiner.pod.name, own, members);
    if (!isKnown || strange !== null) {
      const seen = strange ?? `${seed.pod.name} does not know it yet`;
      return { done: false, seen, details: hidden([own, seeds], cluster) };
    }
    return ownAllSlots(cluster.members) ? clusterState(joiner.pod.name, now) : { done: true, value: undefined };
  });
}

/**
 * A server that announces no IP is known by the one that its connections come from, which a proxy between the pods may put its own in
 * place of: Istio's are 127.0.0.6. Nobody finds it there.
 */
function hidden(views: readonly View[], { pods }: Cluster): readonly string[] {
  const own = new Set(pods.map(({ ip }) => ip));
  const known = views.flatMap((view) => [...view.nodes.values()].filter((node) => node.id !== view.me.id));
  const ip = known.map((node) => node.ip).find((one) => one.startsWith('127.') && !own.has(one));
  if (ip === undefined) return [];
  return [
    `A server knows another one by ${ip}, where nobody answers: connections between the pods seem to go through the proxies of a service mesh, which hide where they come from. Set \`cluster-announce-ip\` of every server to the IP of its pod (\`status.podIP\`), or take the port and the cluster bus port out of the mesh.`,
  ];
}

function isMet(view: View, id: string): boolean {
  const seen = view.nodes.get(id);
  return seen !== undefined && !seen.handshake;
}

/** The first pair that does not see each other well; null when all do. */
function strangeness(joiner: string, own: View, members: ReadonlyMap<string, View>): string | null {
  for (const [pod, view] of members) {
    if (pod === joiner) continue;
    if (!isLinked(view, own.me.id)) return `${pod} has no link to ${joiner}`;
    if (!isLinked(own, view.me.id)) return `${joiner} has no link to ${pod}`;
  }
  return null;
}

function isLinked(view: View, id: string): boolean {
  const seen = view.nodes.get(id);
  return seen?.connected === true && !seen.handshake && seen.health === 'ok';
}

/**
 * MEET takes an IP, not a name: the pod's, and that which the node announces or has learned in turn, where it is another. One that
 * never was in a cluster may not know its own, and one that came back on an old volume says its former one, even after a reset,
 * which may be another's by now: so the pod's comes first.
 */
async function sayMeet(
  { joiner, seed, own, times }: { joiner: Party; seed: Party; own: View; times: number },
  context: StepContext,
): Promise<void> {
  const [pod, at] = [joiner, seed].map((party) => podOf(context.cluster, party.pod.name));
  const ips = [...new Set([pod?.ip ?? '', own.me.ip])].filter((ip) => ip !== '');
  const ip = ips[(times - 1) % ips.length];
  if (ip === undefined || at === undefined) return;
  const connection = await context.redis.connection(at, { signal: context.stop });
  await ask(connection, ['CLUSTER', 'MEET', ip, own.me.port, own.me.busPort], { signal: context.stop });
}

/** A node answers CLUSTERDOWN, to MIGRATE also, for a moment after it has learned who owns the slots. */
async function clusterState(name: string, context: StepContext): Promise<Look<undefined>> {
  const pod = podOf(context.cluster, name);
  if (pod === undefined) return { done: false, seen: `no pod ${name}` };
  const connection = await context.redis.connection(pod, { signal: context.stop });
  const info = text(await ask(connection, ['CLUSTER', 'INFO'], { signal: context.stop }), `CLUSTER INFO of ${name}`);
  const state = /^cluster_state:(\w+)/m.exec(info)?.[1] ?? 'unknown';
  return state === 'ok' ? { done: true, value: undefined } : { done: false, seen: `cluster_state:${state} on ${name}` };
}

function failed(step: Join, why: string): Failure {
  return new Failure('step-failed', `Cannot join ${step.pod} to the cluster: ${why}`, {
    remedy:
      'Look at that pod. A node left over from another cluster, or with keys, is emptied by hand (FLUSHALL, CLUSTER RESET HARD): the action never deletes keys.',
  });
}
