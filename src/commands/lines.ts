import type { FailureCode } from '../core/failure.ts';
import type { Topology } from '../core/topology.ts';
import type { DangerCode, Plan } from '../plan/plan.ts';
import type { Desk } from './desk.ts';

/** What in the file is at issue, where it is not the whole of it. */
const KEYS: Partial<Record<FailureCode, string>> = {
  'untrusted-pull-request': 'kubernetes',
  'invalid-topology': 'kubernetes',
  'invalid-manifests': 'kubernetes',
  'no-statefulset': 'kubernetes',
  'no-namespace': 'kubernetes',
  'kubernetes-unreachable': 'kubernetes',
  'kubernetes-forbidden': 'kubernetes',
  'not-cluster-mode': 'kubernetes',
  'unknown-nodes': 'kubernetes',
  'redis-unreachable': 'kubernetes',
  'placement-unsatisfiable': 'placement',
  'not-enough-memory': 'shards',
  'too-few-replicas': 'replicasPerShard',
  'atomic-unsupported': 'migration',
};

/** Dangers that a reviewer should see at the lines that bring them about. */
const WARNED: Partial<Record<DangerCode, string>> = {
  destroys: 'state',
  'deletes-volumes': 'volumes',
  'placement-not-kept': 'placement',
  'redundancy-lowered': 'replicasPerShard',
  'evicting-policy': 'shards',
  'memory-tight': 'shards',
};

/** Where a failure is shown in the file: at the key that it is about, else at the top. */
export function lineOfFailure(code: FailureCode, { file }: Topology, desk: Desk): number {
  const key = KEYS[code];
  return key === undefined ? 1 : desk.files.lineOf(file, key);
}

export function warnOfDangers({ topology: { file }, dangers }: Plan, desk: Desk): void {
  for (const { code, text } of dangers) {
    const key = WARNED[code];
    if (key !== undefined) desk.runner.warning(text, { file, line: desk.files.lineOf(file, key) });
  }
}
