import { type Cluster, type Domains, slotOwners } from './cluster.ts';
import { design } from './design.ts';
import { evenPrimaries, withoutHeaps } from './even-primaries.ts';
import type { Finding } from './findings.ts';
import type { Crowd } from './layout.ts';
import { crowds, type Seated } from './placement.ts';
import type { SlotSet } from './slots.ts';
import { HOST_LABEL, type Topology, ZONE_LABEL } from './topology.ts';
import { listed, slotsInWords } from './wording.ts';

/**
 * Shards whose members share a Kubernetes node or zone although the topology wants them apart. It counts as a difference
 * where another choice of roles would mend it, or where the topology says that it must not be; else it is only shown.
 */
export function placementFindings(topology: Topology, cluster: Cluster): readonly Finding[] {
  const { spreadBy, whenUnsatisfiable } = topology.placement;
  const domains = new Map(cluster.pods.map((pod) => [pod.name, pod.domains]));
  const domainsOf = (pod: string): Domains => domains.get(pod) ?? {};
  const shards = liveShards(cluster);
  const found = shards.flatMap((shard) =>
    withoutWider(crowds(shard, domainsOf, spreadBy)).map((crowd) => ({ crowd, slots: shard.slots })),
  );
  const uneven = primariesCrowded(shards, spreadBy[0], domainsOf);
  if (found.length === 0) return uneven;
  const planned = design(topology, cluster);
  const liveOf = new Map(planned.shards.map(({ primary, live }) => [primary, live]));
  const staying = new Set(planned.crowded.map(({ primary, label }) => `${liveOf.get(primary)} ${label}`));
  const isKnown = ({ primary, label }: Crowd): boolean =>
    whenUnsatisfiable === 'warn' && staying.has(`${primary} ${label}`);
  return [...found.map(({ crowd, slots }) => findingOf(crowd, slots, isKnown(crowd))), ...uneven];
}

interface LiveShard extends Seated {
  readonly slots: SlotSet;
}

function liveShards(cluster: Cluster): readonly LiveShard[] {
  const replicas = cluster.members.filter(({ joined, role }) => joined && role === 'replica');
  const byPrimary = Map.groupBy(replicas, ({ primary }) => primary);
  return slotOwners(cluster).map(({ pod, slots }) => ({
    primary: pod,
    replicas: (byPrimary.get(pod) ?? []).map((member) => member.pod),
    slots,
  }));
}

/**
 * Primaries that share a Kubernetes node while others have fewer: when it stops, all of them fail over at once. A heap of them is
 * a difference, which the plan mends by failovers; of fewer it is told who could lead instead.
 */
function primariesCrowded(
  shards: readonly Seated[],
  label: string | undefined,
  domainsOf: (pod: string) => Domains,
): readonly Finding[] {
  if (label === undefined) return [];
  const domainOf = (pod: string): string | null => domainsOf(pod)[label] ?? null;
  const spread = evenPrimaries(shards, domainOf);
  const changed = shards.flatMap(({ primary }, i) => (primary === spread[i]?.primary ? [] : [primary]));
  const primaries = Map.groupBy(
    shards.map(({ primary }) => primary),
    domainOf,
  );
  const ledIn = (domain: string | null): readonly string[] => primaries.get(domain) ?? [];
  const [domain] = changed.map(domainOf).toSorted((a, b) => ledIn(b).length - ledIn(a).length);
  if (domain === undefined || domain === null) return [];
  const better = spread.map(({ primary }) => primary).filter((pod, i) => pod !== shards[i]?.primary);
  const kind = KINDS_OF_DOMAIN[label] ?? `the domain (${label})`;
  const pods = ledIn(domain);
  const isMended = withoutHeaps(shards, domainOf) !== shards;
  return [
    {
      code: 'primaries-crowded',
      weight: isMended ? 'differs' : 'note',
      text: `${listed(pods)}, ${pods.length} of ${shards.length} primaries, are in ${kind} ${domain}: when it stops, ${pods.length} shards fail over at once.`,
      remedy: isMended
        ? `Apply the topology: ${listed(better)} take over, one after the other. No slot moves.`
        : `Where that matters: \`CLUSTER FAILOVER\` on ${listed(better)}, one after the other, spreads them better. No slot moves.`,
      pods,
    },
  ];
}

/** Pods on one node are in one zone too: that is said once. */
function withoutWider(crowded: readonly Crowd[]): readonly Crowd[] {
  return crowded.filter((crowd, i) => !crowded.slice(0, i).some((other) => other.pods.join() === crowd.pods.join()));
}

function findingOf({ pods, label, domain, whole, primary }: Crowd, slots: SlotSet, isKnown: boolean): Finding {
  const kind = KINDS_OF_DOMAIN[label] ?? `the domain (${label})`;
  const where = `${listed(pods)} of the shard of ${primary} are ${pods.length === 2 ? 'both' : 'all'} in ${kind} ${domain}`;
  const loss = whole ? `, and that is the whole shard: if ${domain} stops, ${slotsInWords(slots)} are gone` : '';
  const remedy = isKnown
    ? 'No choice of roles mends it: give the pods more nodes or zones (topologySpreadConstraints, anti-affinity).'
    : 'Apply the topology: replicas change places so that the shard is spread.';
  return { code: 'shard-on-one-domain', weight: isKnown ? 'note' : 'differs', text: `${where}${loss}.`, remedy, pods };
}

/** Label of Kubernetes nodes → how people call what it tells apart. */
const KINDS_OF_DOMAIN: Readonly<Record<string, string>> = {
  [HOST_LABEL]: 'the Kubernetes node',
  [ZONE_LABEL]: 'the zone',
  'topology.kubernetes.io/region': 'the region',
};
