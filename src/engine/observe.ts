import { assemble } from '../core/assemble.ts';
import { type Cluster, type ManifestSet, type Pod, resourceName } from '../core/cluster.ts';
import type { Tell } from '../core/events.ts';
import { Failure } from '../core/failure.ts';
import type { Finding, FindingCode } from '../core/findings.ts';
import { inParallel } from '../core/in-parallel.ts';
import type { NodeReport, NodeSilence } from '../core/node-report.ts';
import type { KnownLines } from '../core/nodes.ts';
import { openSlots } from '../core/slot-findings.ts';
import { isEmpty, print } from '../core/slots.ts';
import { type Topology, ZONE_LABEL } from '../core/topology.ts';
import type { Clock } from '../ports/clock.ts';
import type { Kubernetes, KubernetesView } from '../ports/kubernetes.ts';
import type { Redis } from '../ports/redis.ts';
import { TELL_EVERY } from '../servers/until.ts';
import { ownResources } from '../steps/delete-resources/shape.ts';
import { askNode } from './ask-node.ts';
import { askHoldings } from './holdings.ts';

/** How many pods are asked at the same time. */
const AT_ONCE = 64;

export interface ObserveOptions {
  readonly manifests: ManifestSet | null;
  /** Further names of volumeClaimTemplates, for the volumes of a StatefulSet that is gone. */
  readonly claimTemplates?: readonly string[];
  readonly signal: AbortSignal;
  /** Whether to look for keys in slots of others, too; default: only where slots are in doubt. */
  readonly thorough?: boolean;
  /** Whether to see that nobody else moves slots: where some are open, by a second look. */
  readonly isFirst?: boolean;
}

/**
 * Looks at everything: Kubernetes, and every pod's server about itself. A server that does not answer is a finding.
 * Throws `redis-unreachable`, or `redis-auth` or `redis-permission` where that is why, when pods are ready and not one
 * of them answers; and what Kubernetes' port throws.
 */
export async function observe(
  topology: Topology,
  ports: { kubernetes: Kubernetes; redis: Redis },
  options: ObserveOptions,
): Promise<Cluster> {
  const { manifests, claimTemplates = [], signal } = options;
  const view = await ports.kubernetes.look(topology.kubernetes, {
    // The zone is shown to people, whether the topology spreads by it or not.
    spreadBy: [...new Set([...topology.placement.spreadBy, ZONE_LABEL])],
    claimTemplates: [...new Set([...(manifests?.claimTemplates ?? []), ...claimTemplates])],
    signal,
  });
  const remains = await remainsOf(topology, view, ports.kubernetes, options);
  const reachable = view.pods.filter((pod) => pod.ip !== null);
  const known: KnownLines = new Map();
  const reports = await inParallel(reachable, AT_ONCE, (pod) => askNode(ports.redis, pod, signal, known));
  refuseSilence(view.pods, reports);
  const seen = assemble({ ...view, reports, manifests, remains });
  const holdings = await askHoldings(seen, ports.redis, { thorough: options.thorough === true, signal });
  return holdings.size === 0 ? seen : assemble({ ...view, reports, manifests, remains, holdings });
}

/** Without StatefulSet and pods nothing else tells that a creation or deletion was interrupted. */
async function remainsOf(
  { state, kubernetes: place }: Topology,
  { workload, pods }: KubernetesView,
  kubernetes: Kubernetes,
  { manifests, signal }: ObserveOptions,
): Promise<readonly string[]> {
  if (state === 'present' || workload !== null || pods.length > 0) return [];
  return (await kubernetes.existing(place, ownResources(manifests), { signal })).map(resourceName);
}

/** Findings that go away by themselves within seconds, as news spreads from node to node. */
const SETTLING: readonly FindingCode[] = [
  'node-not-known',
  'views-differ',
  'cluster-down',
  'owner-not-known',
  'slots-with-two-owners',
  'epochs-collide',
  'replica-of-replica',
  'node-failing',
  'link-down',
];

const SETTLE_EVERY = 250;

/**
 * Observes until the nodes agree with each other, at most `patience` milliseconds (default 10,000); then what is seen
 * counts, agreed or not.
 */
export async function observeSettled(
  topology: Topology,
  ports: { kubernetes: Kubernetes; redis: Redis; clock: Clock },
  options: ObserveOptions & { patience?: number; tell?: Tell },
): Promise<Cluster> {
  let toldAt = ports.clock.now();
  const deadline = toldAt + (options.patience ?? 10_000);
  for (;;) {
    const cluster = await observe(topology, ports, options);
    const now = ports.clock.now();
    const left = deadline - now;
    const unsettled = cluster.findings.find((finding) => SETTLING.includes(finding.code));
    if (unsettled === undefined || left <= 0 || !mayPass(cluster))
      return standingStill(cluster, topology, ports, options);
    if (now - toldAt >= TELL_EVERY) {
      toldAt = now;
      const secondsLeft = Math.ceil(left / 1000);
      options.tell?.({ kind: 'waiting', for: 'all nodes to agree', seen: unsettled.text, secondsLeft });
    }
    await ports.clock.sleep(SETTLE_EVERY, options);
  }
}

/** Milliseconds after which whoever moves slots has opened or closed one. */
const STANDSTILL = 1_000;

/** Slots may be open because somebody moves them just now: then a second look shows others. */
async function standingStill(
  seen: Cluster,
  topology: Topology,
  ports: { kubernetes: Kubernetes; redis: Redis; clock: Clock },
  options: ObserveOptions,
): Promise<Cluster> {
  if (options.isFirst !== true || isEmpty(openSlots(seen))) return seen;
  await ports.clock.sleep(STANDSTILL, options);
  const now = await observe(topology, ports, options);
  const before = print(openSlots(seen));
  const after = print(openSlots(now));
  if (before === after || after === '') return now;
  const finding: Finding = {
    code: 'moves-under-way',
    weight: 'blocks',
    text: `Something moves slots right now: open were ${before}, ${STANDSTILL / 1_000} s later ${after}.`,
    remedy: 'Wait until that has ended, or stop it, then run again.',
    pods: [],
  };
  return { ...now, findings: [finding, ...now.findings] };
}

/** Waiting helps only where nothing else stands in the way but slots left open, with which an approved move can go on. */
function mayPass(cluster: Cluster): boolean {
  const passing: readonly FindingCode[] = [...SETTLING, 'open-slots'];
  return cluster.findings.every((finding) => finding.weight !== 'blocks' || passing.includes(finding.code));
}

/** One silent server is a finding; where none at all answers, nothing was looked at. */
function refuseSilence(pods: readonly Pod[], reports: readonly NodeReport[]): void {
  const ready = new Set(pods.filter((pod) => pod.ready).map((pod) => pod.name));
  const silent = reports.flatMap((report) => (report.kind === 'silent' ? [report] : []));
  const shouldAnswer = silent.filter((report) => ready.has(report.pod));
  const [first] = shouldAnswer;
  if (first === undefined || silent.length < reports.length) return;
  const details = silent.map((report) => `${report.pod}: ${report.seen}`);
  const isAll = (because: NodeSilence['because']): boolean => shouldAnswer.every((one) => one.because === because);
  if (isAll('auth')) {
    throw new Failure('redis-auth', `Cannot log in to any of the ${silent.length} servers: ${first.seen}`, {
      remedy: 'Check the inputs `redis-username` and `redis-password` against the ACL of the servers.',
      details,
    });
  }
  if (isAll('permission')) {
    throw new Failure('redis-permission', `The Redis user may not look at the cluster: ${first.seen}`, {
      remedy: 'Give the user of `redis-username` the right to run INFO, CLUSTER NODES and CLUSTER INFO.',
      details,
    });
  }
  throw new Failure('redis-unreachable', `None of the ${silent.length} servers answers. ${first.pod}: ${first.seen}`, {
    remedy: 'Check that the pods can be reached from here (`connect`), the port, and `redis-tls`.',
    details,
  });
}
