import type { Cluster, ManifestSet, Member, Pod } from '../../src/core/cluster.ts';
import { NO_SLOTS } from '../../src/core/slots.ts';

/** Parts of a cluster as it is seen, healthy and empty; tests say what is different. */

export const NOTHING: Cluster = {
  workload: null,
  pods: [],
  volumes: [],
  kubernetesNodes: [],
  members: [],
  strangers: [],
  manifests: null,
  remains: [],
  findings: [],
};

export function workloadOf(name: string, replicas: number): NonNullable<Cluster['workload']> {
  return { name, namespace: 'cache', replicas, firstOrdinal: 0, owners: [], claimTemplates: ['data'] };
}

export function podOf(workload: string, ordinal: number, change: Partial<Pod> = {}): Pod {
  return {
    name: `${workload}-${ordinal}`,
    ordinal,
    uid: `uid-${ordinal}`,
    ip: `10.0.0.${ordinal}`,
    node: null,
    domains: {},
    ready: true,
    deleting: false,
    trouble: null,
    memoryLimit: null,
    ...change,
  };
}

export function volumeOf(workload: string, ordinal: number): Cluster['volumes'][number] {
  return { claim: `data-${workload}-${ordinal}`, ordinal, bound: true, deleting: false };
}

/** A primary that has joined and has no slots. */
export function memberOf(
  pod: string,
  change: Partial<Omit<Member, 'facts'>> = {},
  facts: Partial<Member['facts']> = {},
): Member {
  return {
    pod,
    id: pod,
    joined: true,
    role: 'primary',
    primary: null,
    slots: NO_SLOTS,
    configEpoch: 0,
    synced: true,
    ...change,
    facts: {
      address: '10.0.0.1:6379@16379',
      software: 'valkey',
      version: '9.1.0',
      keys: 0,
      memory: 1_000_000,
      dataset: 0,
      maxMemory: 0,
      evictionPolicy: 'noeviction',
      persistent: true,
      lag: 0,
      ...facts,
    },
  };
}

/** What a folder of manifests has for a cluster. */
export function manifestsOf(name: string): ManifestSet {
  const resource = (apiVersion: string, kind: string) => ({ apiVersion, kind, name, namespace: null, document: {} });
  return {
    path: 'manifests/',
    digest: '0123456789ab',
    firstOrdinal: 0,
    claimTemplates: ['data'],
    resources: [resource('v1', 'ConfigMap'), resource('v1', 'Service'), resource('apps/v1', 'StatefulSet')],
  };
}
