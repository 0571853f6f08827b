import { type Cluster, type Domains, ordinalOf } from '../core/cluster.ts';
import { targetPods } from '../core/design.ts';
import { Failure, type FailureCode } from '../core/failure.ts';
import type { Finding, FindingCode } from '../core/findings.ts';
import { keptVolumes, mayHoldSlots, mayReturn } from '../core/kept-volumes.ts';
import type { Crowd, Layout } from '../core/layout.ts';
import { isEmpty } from '../core/slots.ts';
import type { Topology } from '../core/topology.ts';
import { listed } from '../core/wording.ts';
import { lostSlots } from '../steps/assign-slots/when.ts';

/**
 * Why no plan can be made for a cluster as it is after all repairs that are known; null when one can.
 * @param returning pods that come back on their volumes, before anything else: what they may bring is in nobody's way
 */
export function refusalOf(topology: Topology, cluster: Cluster, returning: readonly string[]): Failure | null {
  // What is to be deleted need not be well.
  if (topology.state === 'absent') return null;
  // Slots that are lost for good can be given to somebody: `allow` has to say so.
  const isGiven = returning.length > 0 || !isEmpty(lostSlots(cluster));
  const missed = new Set(
    returning.length === 0 ? [] : cluster.strangers.filter((one) => mayReturn(one, cluster)).map(({ id }) => id),
  );
  const blocks = ({ code, weight, about = '' }: Finding): boolean =>
    weight === 'blocks' && !(isGiven && code === 'slots-without-owner') && !missed.has(about);
  return unhealthy(cluster.findings.filter(blocks)) ?? missing(topology, cluster) ?? deletionRefusal(topology, cluster);
}

/** Of slots without owner nobody knows that no key of theirs is on a volume whose pod is gone, be there no key in sight. */
function deletionRefusal(topology: Topology, cluster: Cluster): Failure | null {
  const claims =
    topology.volumes.onScaleDown === 'delete' && mayHoldSlots(cluster) ? spareVolumes(topology, cluster) : [];
  if (claims.length === 0) return null;
  return new Failure(
    'cluster-unhealthy',
    `Cannot make a safe plan: there are slots without owner, and the topology says to delete ${listed(claims)}, which may hold keys of theirs.`,
    {
      remedy: `Declare \`volumes: {onScaleDown: retain}\` until the cluster is whole. Where nothing on ${claims.length === 1 ? 'it' : 'them'} is needed, delete the PersistentVolumeClaim${claims.length === 1 ? '' : 's'} by hand; then run again.`,
    },
  );
}

/** Of pods that are not declared. */
function spareVolumes(topology: Topology, cluster: Cluster): readonly string[] {
  const declared = new Set(targetPods(topology, cluster).map(ordinalOf));
  return keptVolumes(cluster)
    .filter(({ ordinal }) => !declared.has(ordinal))
    .map(({ claim }) => claim);
}

/**
 * Placement that cannot be kept, where the topology makes that a reason to do nothing. Where pods are not scheduled yet
 * nobody knows whom they will crowd; that a shard has more pods than there are domains is known before.
 */
export function crowdRefusal(topology: Topology, layout: Layout, { kubernetesNodes }: Cluster): Failure | null {
  if (topology.placement.whenUnsatisfiable === 'warn') return null;
  const details = [...layout.crowded.map(crowdWords), ...tooFewDomains(topology, kubernetesNodes)];
  if (details.length === 0) return null;
  return new Failure(
    'placement-unsatisfiable',
    'Cannot keep the placement rules: no choice of roles spreads every shard, and `whenUnsatisfiable` is `fail`.',
    {
      remedy:
        'Give the pods more Kubernetes nodes or zones (anti-affinity, topologySpreadConstraints), or set `placement.whenUnsatisfiable: warn`.',
      details,
    },
  );
}

/** Labels of which Kubernetes has fewer values than a shard has pods. Pods on nodes without the label crowd nobody. */
function tooFewDomains({ placement, replicasPerShard }: Topology, nodes: readonly Domains[]): readonly string[] {
  const pods = 1 + replicasPerShard;
  return placement.spreadBy.flatMap((label) => {
    const domains = nodes.flatMap((node) => node[label] ?? []);
    const there = [...new Set(domains)].toSorted();
    if (domains.length === 0 || domains.length < nodes.length || there.length >= pods) return [];
    return [`A shard has ${pods} pods, and Kubernetes has only ${there.length} of ${label}: ${there.join(', ')}.`];
  });
}

/** `Pods redis-cluster-0 and redis-cluster-3 of one shard share kubernetes.io/hostname node-1.` */
export function crowdWords(crowd: Crowd): string {
  const whole = crowd.whole ? ' It is the whole shard: its slots are gone when that fails.' : '';
  return `${crowd.pods.join(' and ')} of the shard of ${crowd.primary} share ${crowd.label} ${crowd.domain}.${whole}`;
}

/** Findings with a code of their own, the gravest first; all others are `cluster-unhealthy`. */
const CODES: readonly (readonly [FindingCode, FailureCode])[] = [
  ['not-cluster-mode', 'not-cluster-mode'],
  ['pod-silent', 'redis-unreachable'],
  ['unknown-node', 'unknown-nodes'],
];

/** The failure of the gravest finding, with all of them as details. */
function unhealthy(findings: readonly Finding[]): Failure | null {
  const rank = (finding: Finding): number => {
    const at = CODES.findIndex(([code]) => code === finding.code);
    return at === -1 ? CODES.length : at;
  };
  const [first] = findings.toSorted((a, b) => rank(a) - rank(b));
  if (first === undefined) return null;
  const code = CODES.find(([finding]) => finding === first.code)?.[1] ?? 'cluster-unhealthy';
  return new Failure(code, `Cannot make a safe plan: ${first.text}`, {
    remedy: first.remedy,
    details: findings.map(({ text, remedy }) => `${text} ${remedy}`),
  });
}

function missing(topology: Topology, { workload, manifests }: Cluster): Failure | null {
  if (workload !== null || manifests !== null) return null;
  const { namespace, statefulSet } = topology.kubernetes;
  return new Failure(
    'no-statefulset',
    `Cannot make a plan: the StatefulSet "${statefulSet}" does not exist in the namespace "${namespace}", and no manifests are declared to create it.`,
    {
      remedy:
        'Declare `kubernetes.manifests` in the topology, apply the manifests yourself, or correct `kubernetes.statefulSet` and `kubernetes.namespace`.',
    },
  );
}
