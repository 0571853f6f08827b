import { z } from 'zod';

/** The parts of Kubernetes' objects that are read here. What the API leaves out gets its default. */

const text = z.string().default('');
const words = z.record(z.string(), z.string()).default({});

const METADATA = z.object({
  name: z.string(),
  namespace: text,
  uid: text,
  resourceVersion: text,
  labels: words,
  annotations: words,
  deletionTimestamp: z.string().optional(),
  ownerReferences: z
    .array(z.object({ kind: z.string(), name: z.string(), uid: z.string(), controller: z.boolean().default(false) }))
    .default([]),
});

export const NAMED = z.object({ metadata: METADATA });

const SELECTOR = z.object({
  matchLabels: words,
  matchExpressions: z
    .array(z.object({ key: z.string(), operator: z.string(), values: z.array(z.string()).default([]) }))
    .default([]),
});

const MANAGED = z.object({
  manager: text,
  operation: text,
  subresource: text,
  fieldsV1: z.unknown(),
});

export const STATEFUL_SET = z.object({
  metadata: METADATA.extend({ managedFields: z.array(MANAGED).default([]) }),
  spec: z.object({
    replicas: z.number().int().default(1),
    ordinals: z.object({ start: z.number().int().default(0) }).optional(),
    selector: SELECTOR,
    template: z
      .object({ spec: z.object({ containers: z.array(z.object({ name: z.string() })).default([]) }).prefault({}) })
      .prefault({}),
    volumeClaimTemplates: z.array(NAMED).default([]),
    podManagementPolicy: text,
    persistentVolumeClaimRetentionPolicy: z.object({ whenScaled: text }).prefault({}),
  }),
});

export type StatefulSetObject = z.infer<typeof STATEFUL_SET>;

const TERMINATED = z.object({ exitCode: z.number(), reason: text, message: text });

const CONTAINER_STATE = z
  .object({
    waiting: z.object({ reason: text, message: text }).optional(),
    terminated: TERMINATED.optional(),
  })
  .default({});

const CONTAINER_STATUS = z.object({
  name: z.string(),
  ready: z.boolean().default(false),
  state: CONTAINER_STATE,
  lastState: CONTAINER_STATE,
});

const CONTAINER = z.object({
  name: z.string(),
  ports: z.array(z.object({ containerPort: z.number() })).default([]),
  resources: z.object({ limits: z.record(z.string(), z.union([z.string(), z.number()])).optional() }).optional(),
});

export const POD = z.object({
  metadata: METADATA,
  spec: z.object({ nodeName: z.string().optional(), containers: z.array(CONTAINER) }),
  status: z
    .object({
      phase: text,
      reason: text,
      message: text,
      podIP: z.string().optional(),
      conditions: z.array(z.object({ type: z.string(), status: z.string(), reason: text, message: text })).default([]),
      initContainerStatuses: z.array(CONTAINER_STATUS).default([]),
      containerStatuses: z.array(CONTAINER_STATUS).default([]),
    })
    .prefault({}),
});

export type PodObject = z.infer<typeof POD>;

export const CLAIM = z.object({
  metadata: METADATA,
  status: z.object({ phase: text }).prefault({}),
});

export type ClaimObject = z.infer<typeof CLAIM>;

export const EVENT = z.object({
  involvedObject: z.object({ kind: text, name: text, uid: text }),
  reason: text,
  message: text,
  lastTimestamp: z.string().nullish(),
  eventTime: z.string().nullish(),
  metadata: z.object({ creationTimestamp: text }),
});

export type EventObject = z.infer<typeof EVENT>;

export const AUTOSCALER = z.object({
  metadata: METADATA,
  spec: z.object({ scaleTargetRef: z.object({ kind: z.string(), name: z.string() }) }),
});

export type AutoscalerObject = z.infer<typeof AUTOSCALER>;

export const SCALE = z.object({
  metadata: METADATA,
  spec: z.object({ replicas: z.number().int().default(0) }).prefault({}),
});

export const LEASE = z.object({
  metadata: METADATA,
  spec: z
    .object({
      holderIdentity: z.string().nullish(),
      leaseDurationSeconds: z.number().nullish(),
      renewTime: z.string().nullish(),
    })
    .prefault({}),
});

/** What an API group serves, from discovery. */
export const RESOURCE_LIST = z.object({
  resources: z.array(z.object({ name: z.string(), kind: z.string(), namespaced: z.boolean() })),
});
