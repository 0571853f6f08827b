import type { V1Container } from '@kubernetes/client-node';

/** An object as it stands in YAML. */
export interface TestObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly [field: string]: unknown };
  readonly [field: string]: unknown;
}

export interface SetChoices {
  readonly name?: string;
  readonly replicas?: number;
  readonly image?: string;
  readonly container?: Partial<V1Container>;
  readonly nodeSelector?: Record<string, string>;
  /** Null: no volume. */
  readonly storageClass?: string | null;
  /** Default: Parallel. */
  readonly podManagementPolicy?: 'Parallel' | 'OrderedReady';
  /** What Kubernetes does with the volumes of pods that are scaled away. */
  readonly whenScaled?: 'Retain' | 'Delete';
  readonly labels?: Record<string, string>;
}

/** A StatefulSet of plain servers (no cluster mode) for tests of how Kubernetes is looked at and written to. */
export function statefulSet(choices: SetChoices = {}): TestObject {
  const { name = 'redis-cluster', replicas = 1, image = 'redis:7.0', storageClass = null, nodeSelector = {} } = choices;
  const labels = { app: name };
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name, labels: { ...labels, ...choices.labels } },
    spec: {
      serviceName: name,
      replicas,
      podManagementPolicy: choices.podManagementPolicy ?? 'Parallel',
      selector: { matchLabels: labels },
      ...(choices.whenScaled === undefined
        ? {}
        : { persistentVolumeClaimRetentionPolicy: { whenScaled: choices.whenScaled } }),
      template: {
        metadata: { labels },
        spec: {
          nodeSelector,
          terminationGracePeriodSeconds: 1,
          containers: [
            { name: 'sidecar', image, command: ['sh', '-c', 'sleep 3600'], resources: { limits: { memory: '32Mi' } } },
            {
              name: 'redis',
              image,
              ports: [{ containerPort: 6379 }],
              resources: { requests: { cpu: '10m', memory: '32Mi' }, limits: { memory: '64Mi' } },
              ...choices.container,
            },
          ],
        },
      },
      volumeClaimTemplates:
        storageClass === null
          ? []
          : [
              {
                metadata: { name: 'data' },
                spec: {
                  accessModes: ['ReadWriteOnce'],
                  ...(storageClass === '' ? {} : { storageClassName: storageClass }),
                  resources: { requests: { storage: '1Gi' } },
                },
              },
            ],
    },
  };
}
