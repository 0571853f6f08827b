import { assemble, type Seen } from '../../src/core/assemble.ts';
import type { Cluster } from '../../src/core/cluster.ts';
import type { Finding } from '../../src/core/findings.ts';
import type { NodeAnswer, NodeReport } from '../../src/core/node-report.ts';
import { workloadOf } from './cluster.ts';
import { answersOf, type infoOf, type NodeSketch, podOf } from './node-reports.ts';

/** Three shards with a replica each. */
export const SIX: readonly NodeSketch[] = [
  { n: 0, slots: '0-5460', keys: 10 },
  { n: 1, slots: '5461-10922', keys: 10 },
  { n: 2, slots: '10923-16383', keys: 10 },
  { n: 3, of: 0 },
  { n: 4, of: 1 },
  { n: 5, of: 2 },
];

export function see(reports: readonly NodeReport[], change: Partial<Seen> = {}): Cluster {
  const pods = reports.map((_, n) => podOf(n));
  return assemble({
    workload: workloadOf('redis-cluster', pods.length),
    pods,
    volumes: [],
    kubernetesNodes: [],
    manifests: null,
    reports,
    ...change,
  });
}

export function found(cluster: Cluster): string[] {
  return cluster.findings.map((finding) => `${finding.weight} ${finding.code}`);
}

export function textOf(cluster: Cluster, code: Finding['code']): string {
  return cluster.findings.find((finding) => finding.code === code)?.text ?? '';
}

export function withInfo(
  answers: readonly NodeAnswer[],
  n: number,
  change: Parameters<typeof infoOf>[1],
): NodeAnswer[] {
  return answers.map((answer, i) => (i === n ? { ...answer, info: { ...answer.info, ...change } } : answer));
}

export const whole = answersOf(SIX);
