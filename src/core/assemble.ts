import {
  byOrdinal,
  type Cluster,
  type Domains,
  type ManifestSet,
  type Pod,
  type Volume,
  type Workload,
} from './cluster.ts';
import { conditions } from './conditions.ts';
import { contradictions } from './contradictions.ts';
import { tabulate } from './member-table.ts';
import type { NodeAnswer, NodeReport } from './node-report.ts';
import { notes } from './notes.ts';

export interface Seen {
  readonly workload: Workload | null;
  readonly pods: readonly Pod[];
  readonly volumes: readonly Volume[];
  readonly kubernetesNodes: readonly Domains[];
  /** Of each pod that was asked. */
  readonly reports: readonly NodeReport[];
  readonly manifests: ManifestSet | null;
}

/** Puts what Kubernetes shows and what every node says of itself together into one value. */
export function assemble(seen: Seen): Cluster {
  const pods = seen.pods.toSorted((a, b) => byOrdinal(a.name, b.name));
  const volumes = seen.volumes.toSorted((a, b) => a.ordinal - b.ordinal || (a.claim < b.claim ? -1 : 1));
  const answers = seen.reports.filter((report): report is NodeAnswer => report.kind === 'answered');
  const spoken = new Set(seen.reports.filter((report) => report.kind !== 'silent').map((report) => report.pod));
  const absent = pods.filter((pod) => !spoken.has(pod.name));
  const table = tabulate(pods, answers, absent);
  const { workload, kubernetesNodes } = seen;
  const cluster = { workload, pods, volumes, kubernetesNodes, members: table.members };
  const findings = [...conditions(pods, seen.reports, table), ...contradictions(table), ...notes(cluster)];
  return { ...cluster, strangers: table.strangers, manifests: seen.manifests, findings };
}
