import {
  byOrdinal,
  type Cluster,
  type Domains,
  type ManifestSet,
  type Member,
  type Pod,
  type Volume,
  type Workload,
} from './cluster.ts';
import { conditions } from './conditions.ts';
import { contradictions, sharedServers } from './contradictions.ts';
import { type MemberTable, tabulate } from './member-table.ts';
import type { NodeAnswer, NodeReport } from './node-report.ts';
import { notes } from './notes.ts';
import { slotFindings, slotsInDoubt } from './slot-findings.ts';
import { equals, isEmpty, minus, type SlotSet, union } from './slots.ts';

export interface Seen {
  readonly workload: Workload | null;
  readonly pods: readonly Pod[];
  readonly volumes: readonly Volume[];
  readonly kubernetesNodes: readonly Domains[];
  /** Of each pod that was asked. */
  readonly reports: readonly NodeReport[];
  readonly manifests: ManifestSet | null;
  readonly remains?: readonly string[];
  /** Pod → what its server holds of slots that are in doubt or not its own; asked after a first look. */
  readonly holdings?: ReadonlyMap<string, Pick<Member, 'holds' | 'hides'>>;
}

/** Slots that the member owns by its own word, and not by that of all who know it. */
function uncreditedSlots(member: Member, { sightings }: MemberTable): SlotSet {
  if (isEmpty(member.slots)) return [];
  const seen = sightings.get(member.id) ?? [];
  return union(
    ...seen.flatMap(({ line }) => (equals(line.slots, member.slots) ? [] : [minus(member.slots, line.slots)])),
  );
}

/** Puts what Kubernetes shows and what every node says of itself together into one value. */
export function assemble(seen: Seen): Cluster {
  const pods = seen.pods.toSorted((a, b) => byOrdinal(a.name, b.name));
  const volumes = seen.volumes.toSorted((a, b) => a.ordinal - b.ordinal || (a.claim < b.claim ? -1 : 1));
  const answered = seen.reports.filter((report): report is NodeAnswer => report.kind === 'answered');
  const shared = sharedServers(pods, answered);
  const unheard = new Set(shared.flatMap((finding) => finding.pods.slice(1)));
  const reports = seen.reports.filter((report) => !unheard.has(report.pod));
  const answers = answered.filter((report) => !unheard.has(report.pod));
  const spoken = new Set(reports.filter((report) => report.kind !== 'silent').map((report) => report.pod));
  const absent = pods.filter((pod) => !spoken.has(pod.name));
  const table = tabulate(pods, answers, absent);
  const { workload, kubernetesNodes } = seen;
  const { strangers } = table;
  const members = table.members.map((member) => {
    const uncredited = uncreditedSlots(member, table);
    return {
      ...member,
      ...seen.holdings?.get(member.pod),
      ...(isEmpty(uncredited) ? {} : { uncredited }),
    };
  });
  const silent = union(...table.missing.flatMap((missing) => missing.seen.map(({ line }) => line.slots)));
  const cluster = { workload, pods, volumes, kubernetesNodes, members, strangers };
  const owners = { ...cluster, silent };
  const findings = [
    ...shared,
    ...conditions(cluster, reports, table),
    ...slotFindings(owners),
    ...contradictions(table, slotsInDoubt(owners)),
    ...notes(cluster),
  ];
  return { ...cluster, manifests: seen.manifests, remains: seen.remains ?? [], findings };
}
