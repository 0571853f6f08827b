/** Something about the live cluster that a person should know. The codes are listed in docs/findings.md. */
export interface Finding {
  readonly code: FindingCode;
  /** `blocks`: no plan is made while it stands. `differs`: counts as drift. `note`: shown only. */
  readonly weight: 'blocks' | 'differs' | 'note';
  /** What was seen, in one sentence that names pods. */
  readonly text: string;
  /** What to do about it, in one sentence. */
  readonly remedy: string;
  /** Pods concerned, by ordinal. */
  readonly pods: readonly string[];
}

/** Code → what it means and how it comes about. */
export const FINDINGS = {
  'pod-not-ready': 'Kubernetes does not report the pod as ready.',
  'pod-silent': 'The pod should answer and its Redis does not.',
  'not-cluster-mode': 'The server runs without `cluster-enabled yes`.',
  'node-failing': 'A member is marked `fail` or `fail?` by others.',
  'unknown-node': 'Members know a node that is no pod of the StatefulSet.',
  'slots-without-owner': 'Slots that no primary claims: their keys cannot be reached.',
  'slots-with-two-owners': 'Two nodes each say that they own the same slot.',
  'owner-not-known': 'Members do not know the owner of slots.',
  'open-slots': 'A move of slots was interrupted: slots are still marked migrating or importing.',
  'moves-under-way': 'Something moves slots right now.',
  'keys-elsewhere': 'A member holds keys of slots that another one owns: nobody can read them there.',
  'node-not-known': 'A member does not know another one.',
  'views-differ': 'Members do not agree on who is a primary or who replicates whom.',
  'cluster-down': 'A node holds the cluster for down though every slot has an owner.',
  'two-clusters': 'The pods form more than one cluster.',
  'stray-keys': 'A node that is not part of the cluster holds keys.',
  'replica-not-synced': 'A replica has no link to its primary or has not caught up.',
  'replica-of-replica': 'A replica replicates another replica or a node that is unknown.',
  'address-changed': 'Members hold an outdated address of another member.',
  'epochs-collide': 'Two primaries have the same config epoch.',
  'shard-on-one-domain': 'Members of one shard share a Kubernetes node or zone.',
  'versions-differ': 'Members run different server versions.',
  'evicting-policy': '`maxmemory-policy` lets the server drop keys.',
  'no-persistence': 'Neither append-only file nor snapshots are on.',
  'replicas-owned-elsewhere': 'Something else than this action also sets the number of pods.',
  'few-primaries': 'With fewer than three primaries no failover happens by itself.',
  'volume-left-over': 'A volume of a pod that is gone is kept.',
} as const;

export type FindingCode = keyof typeof FINDINGS;
