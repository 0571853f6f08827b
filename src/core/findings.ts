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
  /** What beside its code and pods tells it from another one, such as slots: nothing that changes while it stands. */
  readonly about?: string;
}

/** Whether the cluster is not as declared while it stands. */
export function isDifference({ weight }: Finding): boolean {
  return weight !== 'note';
}

/** Code → what it means, how it comes about, what the action does about it. */
export const FINDINGS = {
  'pod-not-ready': [
    'Kubernetes does not report the pod as ready.',
    'It is starting, cannot be scheduled, or fails its probe.',
    "Waits where the pod is needed, and at the end of an apply; `status` gives Kubernetes' own words.",
  ],
  'pod-silent': [
    'The pod should answer and its Redis does not.',
    'The server hangs, or the network keeps it from here.',
    'Refuses: nothing is planned on a guess.',
  ],
  'not-cluster-mode': [
    'The server runs without `cluster-enabled yes`.',
    'A configuration that does not reach the server.',
    'Refuses.',
  ],
  'node-failing': [
    'A member is marked `fail` or `fail?` by others.',
    'Its server or its network is down, or was a moment ago.',
    'Waits some seconds, then refuses, and says which replica may take over. It forces no failover: that loses the writes that the replica has not got.',
  ],
  'unknown-node': [
    'Members know a node that is no pod of the StatefulSet.',
    'A pod lost its volume, or was scaled away by hand, or another cluster was met.',
    'Lets a declared pod whose volume is kept come back first. Forgets what is gone and needed by nobody, with `allow: forget-unknown-nodes`; refuses where it is alive, has a replica, or may be on a kept volume with the keys of slots.',
  ],
  'slots-without-owner': [
    'Slots that no primary claims: their keys cannot be reached.',
    'A primary was lost with its data or scaled away by hand, or DELSLOTS by hand.',
    'Lets a declared pod whose volume is kept come back first. Gives them to whoever holds keys of them; where nobody does, to a primary, with `allow: assign-lost-slots`; refuses while a volume of a pod that is gone may hold their keys.',
  ],
  'slots-with-two-owners': [
    'Two nodes each say that they own the same slot.',
    'News that has not spread yet; a partition.',
    'Waits some seconds; then the one that holds more keys keeps the slot and gets those of the other.',
  ],
  'owner-not-known': [
    'Members do not know the owner of slots.',
    'News that has not spread yet; an owner without a higher config epoch, as after SETSLOT by hand.',
    'Waits some seconds; then gives the owner a higher epoch.',
  ],
  'open-slots': [
    'A move of slots was interrupted: slots are still marked migrating or importing.',
    'A mover that was killed; a failover in the middle of a move.',
    'Moves them on where keys may have moved, else takes the marks away.',
  ],
  'moves-under-way': [
    'Something moves slots right now.',
    '`redis-cli --cluster`, an operator, another tool.',
    'Refuses until that has ended.',
  ],
  'keys-elsewhere': [
    'A member holds keys of slots that another one owns: nobody can read them there.',
    'A move whose marks were taken away half way.',
    "Sends them to the owner; of a key that both have the owner's counts. Keys that clients have deleted since come back.",
  ],
  'node-not-known': [
    'A member does not know another one.',
    'CLUSTER FORGET of a node that is still needed; a node that has just joined.',
    'Waits some seconds; then lets them meet. A ban by FORGET lasts a minute. One that claims slots of others is refused: it may be of an old volume.',
  ],
  'views-differ': [
    'Members do not agree on who is a primary or who replicates whom.',
    'News that has not spread yet.',
    'Waits some seconds, then refuses.',
  ],
  'cluster-down': [
    'A node holds the cluster for down though every slot has an owner.',
    'It has just started, or reaches no majority.',
    'Waits some seconds, then refuses.',
  ],
  'two-clusters': [
    'The pods form more than one cluster.',
    'A start script that made a second one, or copies of one volume.',
    'Refuses, and shows the groups.',
  ],
  'shared-address': [
    'Pods have one IP, and one server answers for all of them.',
    "Several pods on the host's network of one Kubernetes node.",
    'Refuses: servers are told apart by the IP of their pod.',
  ],
  'stray-keys': [
    'A node that is not part of the cluster holds keys.',
    'A volume that was kept, a server that was used alone.',
    'Refuses: joining would lose them.',
  ],
  'stale-node': [
    'A node without keys claims slots that others own, and nobody knows it.',
    'A pod that came back on a volume that was kept, with an old `nodes.conf`.',
    'Resets it and joins it anew, where the pod is needed. One that holds keys is refused (`node-not-known`, `two-clusters`).',
  ],
  'replica-not-synced': [
    'A replica has no link to its primary or has not caught up.',
    'It copies everything, or cannot log in to its primary, which is said where it has no `masterauth`.',
    'Waits where the replica is needed, and at the end of an apply for two minutes; then that fails.',
  ],
  'writes-refused': [
    'A primary with slots answers every write with an error: NOREPLICAS, MISCONF or OOM.',
    'Fewer replicas in step than `min-replicas-to-write`; a snapshot or an append-only file that could not be written; full memory with `noeviction`.',
    'Tells, also beside a plan; refuses moves of slots of a server that cannot write to its disk. At its end an apply waits for two minutes, then fails.',
  ],
  'link-down': [
    'A member has no link to another one on the cluster bus, and does not hold it for failing.',
    'A network policy or a firewall that lets the bus port through in one direction only; a moment in which links are made anew.',
    'Waits some seconds, then tells. Steps that need the link fail, and name it; at its end an apply waits for two minutes, then fails.',
  ],
  'primary-without-slots': [
    'A primary of the cluster owns no slots: it serves nothing.',
    'A node that was joined by hand or by an apply that was cut off; a primary that gave its last slot away.',
    'Gives it slots, makes it a replica or removes it, as the topology declares.',
  ],
  'replica-of-replica': [
    'A replica replicates another replica or a node that is unknown.',
    'A failover in the middle of other changes.',
    'Makes it the replica of a primary.',
  ],
  'address-changed': [
    'Members hold an outdated address of another member.',
    'All pods were started again at once, with new addresses.',
    'Lets them meet again by the ids that they know; nothing is forgotten before.',
  ],
  'meet-unanswered': [
    'A member was told of a node at an address where no pod is, and none answers.',
    'CLUSTER MEET with a wrong address; news of a node that is long gone.',
    'Tells. It passes within the node timeout, if it is not brought up again.',
  ],
  'epochs-collide': [
    'Two primaries have the same config epoch.',
    'Two failovers or moves at the same moment.',
    'Waits: the servers settle it.',
  ],
  'shard-on-one-domain': [
    'Members of one shard share a Kubernetes node or zone.',
    'The scheduler placed them so, or a failover did.',
    'Exchanges roles where that helps (`placement`).',
  ],
  'primaries-crowded': [
    'Primaries share a Kubernetes node while others have fewer, and replicas of theirs could lead instead.',
    'Failovers; pods that were scheduled anew.',
    'Lets others take over where a node has two more than it must; tells who could where it has one.',
  ],
  'versions-differ': [
    'Members run different server versions.',
    'An update that is half done.',
    'Goes on; the way of each move is chosen for its two servers.',
  ],
  'evicting-policy': [
    '`maxmemory-policy` lets the server drop keys.',
    "A cache's configuration.",
    'Warns where such a server gets slots.',
  ],
  'no-persistence': ['Neither append-only file nor snapshots are on.', 'A configuration for caches.', 'Tells.'],
  'replicas-owned-elsewhere': [
    'Something else than this action also sets the number of pods.',
    'Argo CD, Flux, Helm, an autoscaler.',
    'Tells whom, and the lines to add there.',
  ],
  'few-primaries': ['With fewer than three primaries no failover happens by itself.', 'A small cluster.', 'Tells.'],
  'volume-left-over': [
    'A volume of a pod that is gone is kept.',
    '`volumes.onScaleDown: retain`.',
    'Deletes it with `onScaleDown: delete` and `allow: delete-volumes`, once every slot has an owner.',
  ],
} as const;

export type FindingCode = keyof typeof FINDINGS;
