import { z } from 'zod';

/** The longest name from which the names of the Lease and of labels can still be made. */
const NAME = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const LABEL = /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;

const name = (what: string) =>
  z.string().regex(NAME, `${what} in lower-case letters, digits and hyphens, at most 63 characters`);

const Percent = z
  .union([
    z.string().regex(/^\d{1,2}(\.\d+)?%$/, 'a percentage such as 2%'),
    z.number().min(0).lt(1, 'a percentage such as 2%, or a fraction below 1'),
  ])
  .meta({ description: 'How far a shard may be from its share before that counts as a difference.' });

const Duration = z.string().regex(/^[1-9]\d{0,5}(ms|s)$/, 'a duration such as 20ms or 1s');

const Weighted = z.strictObject({
  weight: z
    .number()
    .positive('a weight above 0')
    .max(1_000_000, 'a weight of at most 1000000')
    .meta({ description: 'Share relative to the other weights.' }),
});

const Pinned = z.strictObject({
  slots: z
    .union([z.string().min(1, 'slots such as 0-99,200'), z.number().int()])
    .meta({ description: 'Exactly these slots: numbers and ranges from 0 to 16383, such as 0-99,200.' }),
});

/** topology.yaml, as users write it. The JSON schema for editors is made of this, and so is the validation. */
export const TopologyFile = z
  .strictObject({
    version: z.literal(1, '1, the only version there is').meta({ description: 'Version of this format.' }),
    name: name('a name').optional().meta({
      description: "Names the cluster in comments, issues and locks. Default: the StatefulSet's name.",
    }),
    state: z
      .enum(['present', 'absent'])
      .default('present')
      .meta({ description: '`absent` removes everything; needs `allow: destroy`.' }),
    kubernetes: z
      .strictObject({
        namespace: name('a namespace').default('default').meta({ description: 'Namespace of the StatefulSet.' }),
        statefulSet: name('the name of a StatefulSet').meta({ description: 'The StatefulSet whose pods run Redis.' }),
        container: name('the name of a container')
          .optional()
          .meta({ description: 'Container that runs Redis. Default: the one with a containerPort equal to `port`.' }),
        port: z
          .number()
          .int('a port from 1 to 65535')
          .min(1, 'a port from 1 to 65535')
          .max(65_535, 'a port from 1 to 65535')
          .default(6379)
          .meta({ description: 'Port of Redis in the pods.' }),
        manifests: z
          .string()
          .min(1, 'a path relative to the workspace')
          .optional()
          .meta({ description: 'File or folder that is applied when the StatefulSet does not exist.' }),
      })
      .meta({ description: 'Where the cluster is.' }),
    shards: z
      .union([
        z.number().int('a whole number').min(1, 'at least 1').max(1000, 'at most 1000'),
        z
          .array(z.union([Weighted, Pinned]))
          .min(1, 'at least one shard')
          .max(1000, 'at most 1000 shards'),
      ])
      .optional()
      .meta({ description: 'Number of shards, or a list of weights and pinned slots.' }),
    replicasPerShard: z
      .number()
      .int('a whole number')
      .min(0, '0 or more')
      .max(999, 'at most 999')
      .default(1)
      .meta({ description: 'Replicas of each shard.' }),
    tolerance: Percent.default('2%'),
    placement: z
      .strictObject({
        spreadBy: z
          .array(z.string().regex(LABEL, 'a label of Kubernetes nodes'))
          .max(8, 'at most 8 labels')
          .default(['kubernetes.io/hostname'])
          .meta({
            description: 'Labels of Kubernetes nodes, the most important first: members of a shard are kept apart.',
          }),
        whenUnsatisfiable: z
          .enum(['warn', 'fail'])
          .default('warn')
          .meta({ description: 'What to do where the rule cannot be kept.' }),
      })
      .prefault({})
      .meta({ description: 'How the members of a shard are spread.' }),
    volumes: z
      .strictObject({
        onScaleDown: z
          .enum(['retain', 'delete'])
          .default('retain')
          .meta({ description: '`delete` needs `allow: delete-volumes`.' }),
      })
      .prefault({})
      .meta({ description: 'What becomes of the volumes of pods that go.' }),
    migration: z
      .strictObject({
        method: z.enum(['auto', 'atomic', 'classic']).default('auto').meta({ description: 'How slots are moved.' }),
        maxLatency: Duration.default('20ms').meta({
          description: 'Slow down while a donor answers PING slower than this.',
        }),
      })
      .prefault({})
      .meta({ description: 'How slots are moved.' }),
  })
  .meta({ title: 'topology.yaml', description: 'One Redis Cluster on Kubernetes, as it is to be.' });

export type TopologyFile = z.output<typeof TopologyFile>;
