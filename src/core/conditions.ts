import type { Cluster, Member, Pod } from './cluster.ts';
import type { Finding } from './findings.ts';
import { type MemberTable, type Missing, type Sighting, SMALL_LAG } from './member-table.ts';
import type { NodeAnswer, NodeReport, NodeSilence } from './node-report.ts';
import { addressOf, isReached } from './nodes.ts';
import { refusedWrites } from './refused-writes.ts';
import { isEmpty, print } from './slots.ts';
import { strangerFindings } from './stranger-findings.ts';
import { counted, listed, slotsInWords } from './wording.ts';

/** What is wrong with single pods and nodes. */
export function conditions(
  seen: Pick<Cluster, 'workload' | 'pods' | 'volumes' | 'members' | 'strangers'>,
  reports: readonly NodeReport[],
  table: MemberTable,
): readonly Finding[] {
  const { pods } = seen;
  return [
    ...podsNotReady(pods),
    ...silentPods(pods, reports),
    ...notClustered(reports),
    ...failingNodes(table),
    ...strangerFindings(seen),
    ...strayKeys(table.members),
    ...staleNodes(table.members),
    ...addressesAndLinks(pods, table),
    ...unsyncedReplicas(table),
    ...refusedWrites(table.members, table.answers),
    ...misledReplicas(table),
    ...unansweredMeets(pods, table),
  ];
}

function podsNotReady(pods: readonly Pod[]): readonly Finding[] {
  return pods
    .filter((pod) => !pod.ready)
    .map((pod) => ({
      code: 'pod-not-ready',
      weight: 'differs',
      text: `${pod.name} is not ready${pod.trouble === null ? '' : `: ${pod.trouble}`}${pod.deleting ? ' (it is being deleted)' : ''}.`,
      remedy: 'Look at the pod with `kubectl describe pod`.',
      pods: [pod.name],
    }));
}

/** A pod that Kubernetes does not call ready is not expected to answer. */
function silentPods(pods: readonly Pod[], reports: readonly NodeReport[]): readonly Finding[] {
  const ready = new Set(pods.filter((pod) => pod.ready && !pod.deleting).map((pod) => pod.name));
  const isLoud = (report: NodeReport): report is NodeSilence => report.kind === 'silent' && ready.has(report.pod);
  return reports.filter(isLoud).map((report) => ({
    code: 'pod-silent',
    weight: 'blocks',
    text: `${report.pod} is ready for Kubernetes, and its Redis does not answer: ${report.seen}`,
    remedy: 'Look at the pod and its log, then run again.',
    pods: [report.pod],
  }));
}

function notClustered(reports: readonly NodeReport[]): readonly Finding[] {
  const pods = reports.filter((report) => report.kind === 'not-clustered').map((report) => report.pod);
  if (pods.length === 0) return [];
  const text = `${listed(pods)} ${pods.length === 1 ? 'runs' : 'run'} without \`cluster-enabled yes\`.`;
  const remedy = 'Set `cluster-enabled yes` in the configuration of the servers and let the pods restart.';
  return [{ code: 'not-cluster-mode', weight: 'blocks', text, remedy, pods }];
}

/** Members that others hold for failed, be it that they answer here or not. */
function failingNodes({ members, missing, sightings, answers }: MemberTable): readonly Finding[] {
  const followersOf = (id: string | undefined): readonly string[] =>
    members.filter(({ pod }) => answers.get(pod)?.view.me.primary === id).map(({ pod }) => pod);
  const found = members.flatMap((member): readonly Finding[] => {
    const lines = (sightings.get(member.id) ?? []).filter(({ line }) => line.health !== 'ok');
    if (lines.length === 0) return [];
    const flag = lines.some(({ line }) => line.health === 'failed') ? 'fail' : 'fail?';
    const text = `${member.pod} is marked \`${flag}\` by ${listed(lines.map(({ by }) => by))}.`;
    return [failing(text, [member.pod], isEmpty(member.slots) ? null : followersOf(member.id))];
  });
  return [...found, ...missing.map((node) => missingNode(node, followersOf(node.seen[0]?.line.id)))];
}

function missingNode({ pod, seen }: Missing, followers: readonly string[]): Finding {
  const [first] = seen;
  const slots = first?.line.slots ?? [];
  const owns = isEmpty(slots) ? '' : `, which owns ${slotsInWords(slots)},`;
  const who = pod === null ? 'one of the pods that do not answer' : pod;
  const by = listed(seen.map((sighting) => sighting.by));
  const text = `A ${first?.line.role} of the cluster${owns} does not answer: ${by} know it at ${first?.line.ip}:${first?.line.port}; it is ${who}.`;
  return failing(text, pod === null ? [] : [pod], isEmpty(slots) ? null : followers);
}

/** @param followers who could take over its slots; null where it has none */
function failing(text: string, pods: readonly string[], followers: readonly string[] | null): Finding {
  return { code: 'node-failing', weight: 'blocks', text, remedy: remedyForFailing(followers), pods };
}

/** A replica that may take over does so by itself within seconds: one that has not was not allowed to, or is too far behind. */
function remedyForFailing(followers: readonly string[] | null): string {
  if (followers === null) return 'Bring the pod back, or wait until the cluster has failed over, then run again.';
  if (followers.length === 0) {
    return 'Bring the pod back with its volume: it owns slots, and no replica of it is there to take over. Then run again.';
  }
  const one = followers.length === 1 ? followers[0] : `one of ${listed(followers)}`;
  return `Bring the pod back, or wait until ${one} has taken over, then run again. Where it does not by itself: \`CLUSTER FAILOVER FORCE\` on it does, at the price of the writes that it has not received.`;
}

function strayKeys(members: readonly Member[]): readonly Finding[] {
  return members
    .filter((member) => !member.joined && member.facts.keys > 0)
    .map((member) => ({
      code: 'stray-keys',
      weight: 'blocks',
      text: `${member.pod} is no part of the cluster and holds ${counted(member.facts.keys, 'key')}, which joining would mix up or lose.`,
      remedy: 'Save the keys if they are needed, empty the node with FLUSHALL, then run again.',
      pods: [member.pod],
    }));
}

function staleNodes(members: readonly Member[]): readonly Finding[] {
  return members.flatMap(({ pod, stale }): readonly Finding[] => {
    if (stale === undefined) return [];
    const text = `${pod} came back on an old volume: it holds no key and claims ${slotsInWords(stale)}, which others own, and none of them knows it.`;
    const remedy = 'Run apply: where the pod is needed, it is reset and joined anew.';
    return [{ code: 'stale-node', weight: 'differs', text, remedy, pods: [pod], about: print(stale) }];
  });
}

/**
 * Seconds. A server that has just been started takes the addresses of its file for valid until the node timeout (15 s as a rule) is
 * over: nodes that it has not heard of at all are `connected` and not failing.
 */
const SETTLED = 60;

/** A link to an address that is outdated is down for that reason. */
function addressesAndLinks(pods: readonly Pod[], table: MemberTable): readonly Finding[] {
  const changed = changedAddresses(pods, table);
  const moved = new Set(changed.flatMap((finding) => finding.pods));
  return [...changed, ...downLinks(table).filter((finding) => !finding.pods.some((pod) => moved.has(pod)))];
}

/**
 * While the other one reaches it by a link of its own, a node takes nobody for failing (`data_received` of cluster.c): a bus that is
 * open in one direction only stays so.
 */
function downLinks({ members, sightings }: MemberTable): readonly Finding[] {
  return members.flatMap((member): readonly Finding[] => {
    const cut = (sightings.get(member.id) ?? []).filter(
      ({ line }) => !line.connected && line.health === 'ok' && line.addressKnown,
    );
    if (cut.length === 0 || !member.joined) return [];
    const text = `${listed(cut.map(({ by }) => by))} ${cut.length === 1 ? 'has' : 'have'} no link to ${member.pod} on the cluster bus, and ${cut.length === 1 ? 'does' : 'do'} not hold it for failing.`;
    const remedy = 'Look whether these pods reach each other on the cluster bus port, in both directions.';
    return [{ code: 'link-down', weight: 'differs', text, remedy, pods: [member.pod] }];
  });
}

/**
 * A wrong address does no harm while the node is reached: clusters behind NAT announce others than the pods' own. Which a node is
 * configured to announce is right from the first moment; where servers do not tell that, only being reached for a while shows it.
 */
function changedAddresses(pods: readonly Pod[], { members, answers, sightings }: MemberTable): readonly Finding[] {
  const isHeard = ({ by, line }: Sighting): boolean =>
    isReached(line) && (answers.get(by)?.info.uptime ?? 0) >= SETTLED;
  const ips = new Map(pods.map((pod) => [pod.name, pod.ip]));
  const isBehindNat = members.some((member) => {
    const announced = answers.get(member.pod)?.view.me.ip;
    if (announced === ips.get(member.pod)) return false;
    return (sightings.get(member.id) ?? []).some((seen) => isHeard(seen) && seen.line.ip === announced);
  });
  if (isBehindNat) return [];
  return members.flatMap((member): readonly Finding[] => {
    const answer = answers.get(member.pod);
    const ip = ips.get(member.pod) ?? null;
    const port = answer?.view.me.port;
    const announced = answer?.announcesIp === true ? answer.view.me.ip : ip;
    const isRight = ({ line }: Sighting): boolean =>
      (line.ip === ip || line.ip === announced) && line.port === port && line.addressKnown;
    const wrong = (sightings.get(member.id) ?? []).filter((seen) => !isHeard(seen) && !isRight(seen));
    const [first] = wrong;
    if (first === undefined || ip === null) return [];
    const text = `${listed(wrong.map(({ by }) => by))} look for ${member.pod} at ${first.line.ip}:${first.line.port}, and it is at ${announced}:${port}.`;
    const remedy = 'Run apply: the others meet it again at its new address.';
    return [{ code: 'address-changed', weight: 'blocks', text, remedy, pods: [member.pod] }];
  });
}

function unsyncedReplicas({ members, answers }: MemberTable): readonly Finding[] {
  return members
    .filter((member) => member.joined && !member.synced)
    .map((member) => {
      const answer = answers.get(member.pod);
      const primary = member.primary ?? 'its primary';
      const state =
        answer?.info.linkUp === false && (answer.hasNoLogin === true || !answer.info.copying)
          ? `has no link to ${primary}${whyUnlinked(member, answer)}`
          : answer?.info.copying === true
            ? `is copying all data of ${primary}`
            : `is more than ${SMALL_LAG / 1024 / 1024} MiB behind ${primary}`;
      const remedy =
        answer?.hasNoLogin === true
          ? 'Set `masterauth` (and `masteruser`) on every server that asks for a password, as any of them may be a replica; then wait until it has caught up.'
          : 'Wait until it has caught up; if it does not, look at the logs of both.';
      return {
        code: 'replica-not-synced',
        weight: 'differs',
        text: `${member.pod} ${state}.`,
        remedy,
        pods: [member.pod],
      };
    });
}

function whyUnlinked({ outdatedLink }: Member, { info, hasNoLogin }: NodeAnswer): string {
  if (outdatedLink === true) return `, for which it looks at ${info.primaryAddress}`;
  return hasNoLogin === true ? ', and has no `masterauth`, though servers here ask for a password' : '';
}

/** Whose primary is no primary. Where the primary's pod is silent, that is told already. */
function misledReplicas({ members, strangers, answers }: MemberTable): readonly Finding[] {
  return members.flatMap((member): readonly Finding[] => {
    if (member.role !== 'replica') return [];
    const id = answers.get(member.pod)?.view.me.primary;
    const primary = members.find((candidate) => candidate.pod === member.primary);
    const isChained = primary !== undefined && primary.role === 'replica';
    if (!isChained && !strangers.some((stranger) => stranger.id === id)) return [];
    const whom = isChained ? `${primary.pod}, which is a replica itself` : 'a node that is no pod of the StatefulSet';
    const remedy = 'Run apply: it makes the pod the replica of a primary.';
    return [
      {
        code: 'replica-of-replica',
        weight: 'differs',
        text: `${member.pod} replicates ${whom}.`,
        remedy,
        pods: [member.pod],
      },
    ];
  });
}

/**
 * Nodes that were told to meet an address where no pod is, and had no answer. That a pod is not known yet is a finding of its own.
 * The ids of handshakes are made up: only the address says who.
 */
function unansweredMeets(pods: readonly Pod[], { answers }: MemberTable): readonly Finding[] {
  const ips = new Set(pods.map((pod) => pod.ip));
  const met = [...answers.values()].flatMap(({ pod, view }) =>
    view.others.filter((line) => line.handshake && !ips.has(line.ip)).map((line) => ({ pod, at: addressOf(line) })),
  );
  return Array.from(
    Map.groupBy(met, ({ at }) => at),
    ([at, those]) => {
      const by = [...new Set(those.map(({ pod }) => pod))];
      return {
        code: 'meet-unanswered',
        weight: 'note',
        text: `${listed(by)} ${by.length === 1 ? 'has' : 'have'} met a node at ${at}, where no pod of the StatefulSet is, and had no answer yet (handshake).`,
        remedy:
          'It is dropped after the node timeout. Where it comes back: see who sends CLUSTER MEET with that address.',
        pods: by,
      };
    },
  );
}
