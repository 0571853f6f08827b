import { z } from 'zod';
import { HOST_LABEL } from '../../core/topology.ts';

const LABEL = /^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const PERCENT = 'a percentage such as 2%, or a fraction below 1';
const SHARDS = 'a whole number from 1 to 1000';
const REPLICAS = 'a whole number from 0 to 999';
const PORT = 'a port from 1 to 65535';
const WEIGHT = 'a number above 0, at most 1000000';
const SLOTS = 'text with slots from 0 to 16383, such as 0-99,200';
const LATENCY = 'a duration from 1ms to 60s, such as 20ms or 1s';
const MANIFESTS = 'a path below the workspace, with forward slashes';

/** A label as DNS knows it (RFC 1123), which is what Kubernetes takes. */
function dnsLabel(what: string, longest: number) {
  const expected = `${what}: lower-case letters, digits and hyphens, at most ${longest} characters`;
  return z.string(expected).regex(new RegExp(`^[a-z0-9]([-a-z0-9]{0,${longest - 2}}[a-z0-9])?$`), expected);
}

const NAME = 'a name: lower-case letters, digits, hyphens and dots, at most 200 characters';
const NAME_PART = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';

/** A subdomain as DNS knows it (RFC 1123), short enough to be part of the name of a Lease, which has 253 characters. */
const ClusterName = z.string(NAME).regex(new RegExp(`^(?=.{1,200}$)${NAME_PART}(\\.${NAME_PART})*$`), NAME);

const Kubernetes = z.strictObject({
  namespace: dnsLabel('a namespace', 63).default('default').meta({ description: 'Namespace of the StatefulSet.' }),
  // Of a longer one Kubernetes makes no pods: their label controller-revision-hash is the name, a hyphen and ten characters.
  statefulSet: dnsLabel('the name of a StatefulSet', 52).meta({
    description: 'The StatefulSet whose pods run Redis.',
  }),
  container: dnsLabel('the name of a container', 63).optional().meta({
    description:
      'Container that runs Redis. Without it the one with a containerPort equal to `port`, or the only one. Its memory limit counts.',
  }),
  port: z
    .number(PORT)
    .int(PORT)
    .min(1, PORT)
    .max(65_535, PORT)
    .default(6379)
    .meta({ description: 'Port of Redis in the pods.' }),
  manifests: z
    .string(MANIFESTS)
    .regex(/^(?!\/)(?![A-Za-z]:)(?!(.*\/)?\.\.(\/|$))[^\\\p{Cc}]+$/u, MANIFESTS)
    .optional()
    .meta({
      description: 'File or folder, relative to the workspace, that is applied when the StatefulSet does not exist.',
    }),
});

export const Shard = z
  .strictObject({
    weight: z
      .number(WEIGHT)
      .positive(WEIGHT)
      .max(1_000_000, WEIGHT)
      .optional()
      .meta({ description: 'Share of the slots that no `slots` name, relative to the other weights.' }),
    slots: z
      .union([z.string(SLOTS).min(1, SLOTS), z.number(SLOTS).int(SLOTS).min(0, SLOTS).max(16_383, SLOTS)])
      .optional()
      .meta({ description: 'Exactly these slots: numbers and ranges from 0 to 16383, such as 0-99,200.' }),
  })
  .refine((shard) => (shard.weight === undefined) !== (shard.slots === undefined), 'either `weight` or `slots`')
  .meta({ oneOf: [{ required: ['weight'] }, { required: ['slots'] }] });

export const State = z.enum(['present', 'absent']);
export const ShardCount = z.number(SHARDS).int(SHARDS).min(1, SHARDS).max(1000, SHARDS);
export const Replicas = z.number(REPLICAS).int(REPLICAS).min(0, REPLICAS).max(999, REPLICAS);

const Placement = z.strictObject({
  spreadBy: z
    .array(z.string('a label of Kubernetes nodes').regex(LABEL, 'a label of Kubernetes nodes'), 'a list of labels')
    .max(8, 'at most 8 labels')
    .refine((labels) => new Set(labels).size === labels.length, 'each label once')
    .default([HOST_LABEL])
    .meta({ description: 'Labels of Kubernetes nodes, the most important first: members of a shard are kept apart.' }),
  whenUnsatisfiable: z
    .enum(['warn', 'fail'])
    .default('warn')
    .meta({ description: 'What to do where the rule cannot be kept.' }),
});

const Volumes = z.strictObject({
  onScaleDown: z.enum(['retain', 'delete']).default('retain').meta({
    description:
      'What becomes of the volumes of pods that go. `delete` needs `allow: delete-volumes`. So does `retain` where the StatefulSet itself has `persistentVolumeClaimRetentionPolicy.whenScaled: Delete`.',
  }),
});

const Migration = z.strictObject({
  method: z.enum(['auto', 'atomic', 'classic']).default('auto').meta({
    description:
      'How slots are moved: `atomic` as a whole (Valkey from 9.0 on, Redis from 8.4 on), `classic` key by key. `auto` takes the first where both servers of a move can, and the second where they cannot or a job fails; with `atomic` that is refused or fails.',
  }),
  maxLatency: z
    .string(LATENCY)
    .regex(/^([1-9]\d{0,3}|[1-5]\d{4}|60000)ms$|^([1-9]|[1-5]\d|60)s$/, LATENCY)
    .default('20ms')
    .meta({
      description:
        'How much longer than before the move donor and receiver may take to answer PING, in 99 of 100 cases: slots move in smaller steps where it comes near that.',
    }),
});

/** topology.yaml, as users write it. The JSON schema for editors is made of this, and so is the validation. */
export const TopologyFile = z
  .strictObject({
    version: z.literal(1).meta({ description: 'Version of this format.' }),
    name: ClusterName.optional().meta({
      description:
        'Names the cluster in comments, issues and outputs, and its lock. Without it the name of the StatefulSet.',
    }),
    state: State.default('present').meta({
      description:
        '`absent` removes everything of the manifests and the volumes, but for a Namespace, CustomResourceDefinition, StorageClass or PriorityClass; needs `allow: destroy`.',
    }),
    kubernetes: Kubernetes.meta({ description: 'Where the cluster is.' }),
    shards: z
      .union([ShardCount, z.array(Shard, 'a list').min(1, 'at least one shard').max(1000, 'at most 1000 shards')])
      .optional()
      .meta({
        description: 'Number of shards, or a list of weights and pinned slots. Only `state: absent` goes without.',
      }),
    replicasPerShard: Replicas.default(1).meta({ description: 'Replicas of each shard.' }),
    tolerance: z
      .union([
        z.string(PERCENT).regex(/^\d{1,2}(\.\d{1,6})?%$/, PERCENT),
        z.number(PERCENT).min(0, PERCENT).lt(1, PERCENT),
      ])
      .default('2%')
      .meta({ description: 'How far a shard may be from its share before that counts as a difference.' }),
    placement: Placement.prefault({}).meta({ description: 'How the members of a shard are spread.' }),
    volumes: Volumes.prefault({}).meta({ description: 'What becomes of the volumes of pods that go.' }),
    migration: Migration.prefault({}).meta({ description: 'How slots are moved.' }),
  })
  .meta({
    title: 'topology.yaml',
    description: 'One Redis Cluster on Kubernetes, as it is to be.',
    if: { properties: { state: { const: 'absent' } }, required: ['state'] },
    else: { required: ['shards'] },
  });

export type TopologyFile = z.output<typeof TopologyFile>;

/** The keys of each mapping by its place; '' is the file itself. */
export const KEYS: ReadonlyMap<string, readonly string[]> = new Map([
  ['', Object.keys(TopologyFile.shape)],
  ['kubernetes', Object.keys(Kubernetes.shape)],
  ['shards', Object.keys(Shard.shape)],
  ['placement', Object.keys(Placement.shape)],
  ['volumes', Object.keys(Volumes.shape)],
  ['migration', Object.keys(Migration.shape)],
]);
