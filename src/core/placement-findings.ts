import { type Cluster, podOf, replicasOf, slotOwners } from './cluster.ts';
import { design } from './design.ts';
import { evenPrimaries } from './even-primaries.ts';
import type { Finding } from './findings.ts';
import type { Crowd } from './layout.ts';
import { crowds } from './placement.ts';
import type { SlotSet } from './slots.ts';
import type { Topology } from './topology.ts';
import { listed, slotsInWords } from './wording.ts';

/**
 * Shards whose members share a Kubernetes node or zone although the topology wants them apart. It counts as a difference
 * where another choice of roles would mend it, or where the topology says that it must not be; else it is only shown.
 */
export function placementFindings(topology: Topology, cluster: Cluster): readonly Finding[] {
  const { spreadBy, whenUnsatisfiable } = topology.placement;
  const domainsOf = (pod: string) => podOf(cluster, pod)?.domains ?? {};
  const found = slotOwners(cluster).flatMap((owner) => {
    const replicas = replicasOf(cluster, owner.pod).map((member) => member.pod);
    const crowded = crowds({ primary: owner.pod, replicas }, domainsOf, spreadBy);
    return withoutWider(crowded).map((crowd) => ({ crowd, slots: owner.slots }));
  });
  const uneven = primariesCrowded(topology, cluster);
  if (found.length === 0) return uneven;
  const { shards, crowded } = design(topology, cluster);
  const stays = (crowd: Crowd): boolean => {
    const shard = shards.find(({ live }) => live === crowd.primary);
    return crowded.some((other) => other.primary === shard?.primary && other.label === crowd.label);
  };
  return [
    ...found.map(({ crowd, slots }) => findingOf(crowd, slots, whenUnsatisfiable === 'warn' && stays(crowd))),
    ...uneven,
  ];
}

/**
 * Primaries that share a Kubernetes node while others have fewer: when it stops, all of them fail over at once. Told, with who
 * could lead instead, and not mended: after every failover by itself each plan would have another one in it.
 */
function primariesCrowded({ placement }: Topology, cluster: Cluster): readonly Finding[] {
  const [label] = placement.spreadBy;
  if (label === undefined) return [];
  const domainOf = (pod: string): string | null => podOf(cluster, pod)?.domains[label] ?? null;
  const shards = slotOwners(cluster).map(({ pod }) => ({
    primary: pod,
    replicas: replicasOf(cluster, pod).map((member) => member.pod),
  }));
  const spread = evenPrimaries(shards, domainOf);
  const changed = shards.flatMap(({ primary }, i) => (primary === spread[i]?.primary ? [] : [primary]));
  const ledIn = (domain: string | null) => shards.filter(({ primary }) => domainOf(primary) === domain);
  const [domain] = changed.map(domainOf).toSorted((a, b) => ledIn(b).length - ledIn(a).length);
  if (domain === undefined || domain === null) return [];
  const better = spread.map(({ primary }) => primary).filter((pod, i) => pod !== shards[i]?.primary);
  const kind = KINDS_OF_DOMAIN[label] ?? `the domain (${label})`;
  const pods = ledIn(domain).map(({ primary }) => primary);
  return [
    {
      code: 'primaries-crowded',
      weight: 'note',
      text: `${listed(pods)}, ${pods.length} of ${shards.length} primaries, are in ${kind} ${domain}: when it stops, ${pods.length} shards fail over at once.`,
      remedy: `Where that matters: \`CLUSTER FAILOVER\` on ${listed(better)}, one after the other, spreads them better. No slot moves.`,
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
  'kubernetes.io/hostname': 'the Kubernetes node',
  'topology.kubernetes.io/zone': 'the zone',
  'topology.kubernetes.io/region': 'the region',
};
