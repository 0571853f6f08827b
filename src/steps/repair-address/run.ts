import { memberOf, type Pod, podOf } from '../../core/cluster.ts';
import { Failure } from '../../core/failure.ts';
import { isReached, type NodeLine } from '../../core/nodes.ts';
import type { StepContext } from '../../ports/context.ts';
import { announcedIp } from '../../servers/announced-ip.ts';
import { ask } from '../../servers/ask.ts';
import { untilOnPodsNow } from '../../servers/pods-now.ts';
import { type View, viewOf, viewsOfMembers } from '../../servers/views.ts';
import type { RepairAddress } from './shape.ts';

/** Milliseconds: MEET gives no error when it is lost, as it is for 60 s on a server that was told to forget the node. */
const MEET_AGAIN = 3_000;

/**
 * Milliseconds. Since Redis 7.2 and in Valkey, FORGET spreads by gossip: while the ban lasts, members that have just met
 * the node are told to forget it again, within a second as a rule (seen on Valkey 9.1: all had a link, and none 0.4 s later).
 */
const STAYS = 10_000;

/** Milliseconds: longer than the node timeout as a rule. */
const TRUSTED_AFTER = 20_000;

/**
 * Lets every member that has no link to the pod meet it at its present address. A node that is known by its id gets its
 * address updated by that; nothing is forgotten and nobody is reset.
 */
export async function run(step: RepairAddress, context: StepContext): Promise<void> {
  const pod = podToIntroduce(step, context);
  const { stop: signal, clock } = context;
  const ownLine = async (at: Pod) => (await viewOf(await context.redis.connection(at, { signal }), { signal })).me;
  const begun = clock.now();
  let own = await ownLine(pod);
  const others = context.cluster.members.filter((other) => other.joined && other.pod !== step.pod);
  const wait = {
    for: `all members to have a link to ${step.pod}`,
    seconds: 90,
    remedy: 'Look whether the pods reach each other on the port and on the cluster bus port; then run apply again.',
  };
  let metAt = Number.NEGATIVE_INFINITY;
  let times = 0;
  let wholeSince: number | null = null;
  let wasForgotten = context.cluster.findings.some(
    ({ code, pods }) => code === 'node-not-known' && pods.includes(step.pod),
  );
  await untilOnPodsNow(context, wait, async (cluster) => {
    const at = podOf(cluster, step.pod) ?? pod;
    const views = await viewsOfMembers({ ...context, cluster }, others, { signal });
    own = await ownLine(at);
    const isTrusted = own.ip === at.ip || clock.now() - begun > TRUSTED_AFTER;
    const cut = [...views].filter(([, view]) => !(isTrusted && reaches(view, own))).map(([name]) => name);
    wasForgotten ||= [...views.values()].some(({ nodes }) => !nodes.has(own.id));
    if (cut.length === 0) {
      wholeSince ??= clock.now();
      if (!wasForgotten || clock.now() - wholeSince >= STAYS) return { done: true, value: undefined };
      return { done: false, seen: 'all have, and some had forgotten it: seeing that it stays so' };
    }
    wholeSince = null;
    if (clock.now() - metAt >= MEET_AGAIN) {
      metAt = clock.now();
      const ip = await addressToMeet(at, times, context);
      times += 1;
      for (const name of cut) await meet(podOf(cluster, name), { ...own, ip }, context);
    }
    return { done: false, seen: `${cut.join(', ')} ${cut.length === 1 ? 'has' : 'have'} no link to it` };
  });
  context.tell({ kind: 'verified', text: `All members reach ${step.pod} at ${own.ip}:${own.port}.` });
}

function podToIntroduce(step: RepairAddress, { cluster }: StepContext): Pod {
  const pod = podOf(cluster, step.pod);
  if (pod?.ip != null && memberOf(cluster, step.pod) !== undefined) return pod;
  throw new Failure('step-failed', `Cannot introduce ${step.pod}: the pod has no address, or does not answer.`, {
    remedy: 'Look at the pod, then run apply again.',
  });
}

/** @param who is to meet the node; undefined: a pod that is not there at the moment */
async function meet(
  who: Pod | undefined,
  { ip, port, busPort }: Pick<NodeLine, 'ip' | 'port' | 'busPort'>,
  { redis, stop: signal }: StepContext,
): Promise<void> {
  if (who === undefined) return;
  await ask(await redis.connection(who, { signal }), ['CLUSTER', 'MEET', ip, port, busPort], { signal });
}

/**
 * The pod's IP and the one that it is configured to announce in turn: a port that is announced in place of the server's own
 * answers only there. What its own line says is no address to try, for it may have left that, and another cluster may be there by now.
 */
async function addressToMeet(pod: Pod, times: number, { redis, stop: signal }: StepContext): Promise<string> {
  const announced = await announcedIp(await redis.connection(pod, { signal }), { signal, timeout: 5_000 });
  const ips = [...new Set([pod.ip, announced])].filter((ip) => ip !== null);
  return ips[times % ips.length] ?? '';
}

/**
 * At the address that it says it has. One that has just been started still says that of its file where none is announced, and the
 * others, just started too, take it for connected there: until the node timeout.
 */
function reaches(view: View, own: NodeLine): boolean {
  const line = view.nodes.get(own.id);
  return line !== undefined && isReached(line) && line.ip === own.ip && line.port === own.port;
}
