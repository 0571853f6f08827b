import { byOrdinal, type Member, type Pod } from './cluster.ts';
import type { Finding } from './findings.ts';
import type { MemberTable } from './member-table.ts';
import type { NodeAnswer } from './node-report.ts';
import type { NodeLine } from './nodes.ts';
import { contestedSlots } from './slot-findings.ts';
import { ALL_SLOTS, count, intersect, isEmpty, print, type SlotSet, union } from './slots.ts';
import { counted, keysInWords, listed, slotsInWords } from './wording.ts';

const WAIT = 'Wait until the nodes agree, which takes seconds, then run again.';

/**
 * In what the members contradict each other or themselves. Every one of these stands in the way of a safe plan.
 * @param doubtful slots whose owner is in doubt, which is told elsewhere: with such a node may hold the cluster for down
 */
export function contradictions(table: MemberTable, doubtful: SlotSet): readonly Finding[] {
  const clusters = separateClusters(table);
  return [
    ...sameIds(table),
    ...clusters,
    ...(clusters.length === 0 ? unknownMembers(table) : []),
    ...differingViews(table),
    ...(isEmpty(doubtful) ? statesNotOk(table) : []),
    ...collidingEpochs(table),
  ];
}

function blocks(code: Finding['code'], pods: readonly string[], text: string, remedy: string): Finding {
  return { code, weight: 'blocks', text, remedy, pods };
}

/**
 * Pods that share an IP, for all of which one server answered: they are told apart by the pod's IP alone, and every server is
 * asked on the same port. What the servers of the others are like, nobody knows.
 * @returns one finding a server, the pod first whose answer counts
 */
export function sharedServers(pods: readonly Pod[], answers: readonly NodeAnswer[]): readonly Finding[] {
  const ips = new Map(pods.map((pod) => [pod.name, pod.ip]));
  const byServer = Map.groupBy(answers, ({ pod, view }) => `${view.me.id} ${ips.get(pod)}`);
  return Array.from(byServer.values()).flatMap((answered) => {
    if (answered.length < 2) return [];
    const names = answered.map(({ pod }) => pod).toSorted(byOrdinal);
    const text = `${listed(names)} have the IP ${ips.get(names[0] ?? '')}, as pods on the network of one Kubernetes node do (hostNetwork), and one server answered for all of them.`;
    const remedy =
      'Give each pod a Kubernetes node of its own (podAntiAffinity over kubernetes.io/hostname), or an IP of its own (without hostNetwork), then run again: servers are asked at the IP of their pod, all on one port.';
    return [blocks('shared-address', names, text, remedy)];
  });
}

/** Two servers on copies of one volume. */
function sameIds({ members }: MemberTable): readonly Finding[] {
  return members.flatMap((member, i) => {
    const twins = members.slice(i + 1).filter((other) => other.id === member.id);
    if (twins.length === 0) return [];
    const pods = [member.pod, ...twins.map((twin) => twin.pod)];
    const text = `${listed(pods)} have the same node id, as servers do that run on copies of one volume.`;
    return [blocks('two-clusters', pods, text, 'Delete nodes.conf on all but the right one, then run again.')];
  });
}

/** Members fall into groups none of whose nodes knows one of another group. */
function separateClusters({ members, answers }: MemberTable): readonly Finding[] {
  const joined = members.filter((member) => member.joined);
  const groups = new Map(joined.map((member) => [member.id, member.id]));
  const rootOf = (id: string): string => {
    let root = id;
    for (let next = groups.get(root); next !== undefined && next !== root; next = groups.get(root)) root = next;
    return root;
  };
  for (const { view } of answers.values()) {
    for (const line of view.others) {
      if (groups.has(view.me.id) && groups.has(line.id) && !line.handshake)
        groups.set(rootOf(line.id), rootOf(view.me.id));
    }
  }
  const byRoot = Map.groupBy(joined, (member) => rootOf(member.id));
  if (byRoot.size < 2) return [];
  const names = Array.from(byRoot.values(), (group) => {
    const slots = count(union(...group.map((member) => member.slots)));
    const keys = group.reduce((sum, { role, facts }) => sum + (role === 'primary' ? facts.keys : 0), 0);
    return `${listed(group.map((member) => member.pod))} (${counted(slots, 'slot')}, ${keysInWords(keys)})`;
  });
  return [
    blocks(
      'two-clusters',
      joined.map((member) => member.pod),
      `The pods form ${byRoot.size} clusters that do not know each other: ${names.join('; ')}.`,
      'Decide which cluster holds the data; reset the nodes of the others (CLUSTER RESET HARD) once they hold nothing of worth, then run again.',
    ),
  ];
}

/** Forgotten by some, or not heard of yet; whom nobody knows is another cluster. */
function unknownMembers({ members, answers, sightings }: MemberTable): readonly Finding[] {
  const joined = members.filter((member) => member.joined);
  const contested = contestedSlots({ members });
  return joined.flatMap((member): readonly Finding[] => {
    const knowing = new Set((sightings.get(member.id) ?? []).map(({ by }) => by));
    const unaware = joined.filter(({ pod }) => pod !== member.pod && answers.has(pod) && !knowing.has(pod));
    if (unaware.length === 0) return [];
    const who = listed(unaware.map(({ pod }) => pod));
    const text = `${who} ${unaware.length === 1 ? 'does' : 'do'} not know ${member.pod}.`;
    const claimed = intersect(member.slots, contested);
    if (isEmpty(claimed)) return [blocks('node-not-known', [member.pod], text, 'Run apply: they meet it again.')];
    const claims = `It holds itself for the owner of ${slotsInWords(claimed)}, which others own by now, as a server does that came back on an old volume, and has ${keysInWords(member.facts.keys)}.`;
    const remedy = `Where its keys are not needed, empty and reset it (FLUSHALL, then CLUSTER RESET HARD on ${member.pod}), or delete its volume; then run again.`;
    return [{ ...blocks('node-not-known', [member.pod], `${text} ${claims}`, remedy), about: print(claimed) }];
  });
}

/** One finding for all disagreements, named after the first few: while gossip spreads there are many at once. */
function differingViews({ members, answers }: MemberTable): readonly Finding[] {
  const joined = members.filter((member) => member.joined);
  const seen: { by: string; text: string }[] = [];
  for (const { pod } of joined) {
    const lines = new Map(answers.get(pod)?.view.others.map((line) => [line.id, line]));
    for (const member of joined) {
      const own = answers.get(member.pod)?.view.me;
      if (member.pod === pod || own === undefined) continue;
      const difference = differenceOf(member, own, lines.get(member.id));
      if (difference !== null) seen.push({ by: pod, text: `${pod} ${difference}` });
    }
  }
  if (seen.length === 0) return [];
  const examples = seen.slice(0, 3).map((one) => one.text);
  const more = seen.length > 3 ? `, and ${seen.length - 3} more such differences` : '';
  const pods = [...new Set(seen.map((one) => one.by))];
  return [blocks('views-differ', pods, `The members do not agree: ${examples.join('; ')}${more}.`, WAIT)];
}

/** Whose slots are whose is told elsewhere. */
function differenceOf(member: Member, own: NodeLine, line: NodeLine | undefined): string | null {
  if (line === undefined || line.handshake) return null;
  if (line.role !== own.role) return `takes ${member.pod} for a ${line.role}, which says that it is a ${own.role}`;
  return line.primary === own.primary ? null : `takes ${member.pod} for the replica of another node than it says`;
}

/** All slots have owners, and a node refuses to serve all the same: it does so for a moment after it joined or started. */
function statesNotOk({ members, answers }: MemberTable): readonly Finding[] {
  const owned = union(...members.map((member) => member.slots));
  if (count(owned) < count(ALL_SLOTS)) return [];
  const isFailing = (member: Member): boolean => member.joined && answers.get(member.pod)?.stateOk === false;
  const pods = members.filter(isFailing).map((member) => member.pod);
  if (pods.length === 0) return [];
  const text = `${listed(pods)} ${pods.length === 1 ? 'says' : 'say'} cluster_state:fail, though every slot has an owner.`;
  return [blocks('cluster-down', pods, text, WAIT)];
}

/** The servers settle it by themselves; until then a failover may go either way. */
function collidingEpochs({ members }: MemberTable): readonly Finding[] {
  const owners = members.filter((member) => member.slots.length > 0);
  const byEpoch = Map.groupBy(owners, (member) => member.configEpoch);
  return Array.from(byEpoch, ([epoch, group]): readonly Finding[] => {
    if (group.length < 2) return [];
    const pods = group.map((member) => member.pod);
    const text = `${listed(pods)} have the same config epoch (${epoch}).`;
    return [
      { code: 'epochs-collide', weight: 'differs', text, remedy: 'Wait: the nodes settle this by themselves.', pods },
    ];
  }).flat();
}
