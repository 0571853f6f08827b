import type { SlotSet } from './slots.ts';

/** The target that the steps lead to: which pod serves which shard in which role, and which slots each shard owns. */
export interface Layout {
  /** Pods that are to exist, by ordinal. Empty for `state: absent`. */
  readonly pods: readonly string[];
  /** In the order of their primaries' ordinals. */
  readonly shards: readonly ShardTarget[];
  /** Placement rules that no choice of roles can keep. */
  readonly crowded: readonly Crowd[];
}

export interface ShardTarget {
  readonly primary: string;
  /** By ordinal. */
  readonly replicas: readonly string[];
  readonly slots: SlotSet;
  /** The present primary of the live shard that goes on as this one; null: a new shard. */
  readonly live: string | null;
}

/** Pods of one shard in one domain, such as two on one Kubernetes node. */
export interface Crowd {
  readonly primary: string;
  /** The label, one of `placement.spreadBy`. */
  readonly label: string;
  /** The label's value. */
  readonly domain: string;
  readonly pods: readonly string[];
  /** The whole shard is in this one domain: its loss takes the slots with it. */
  readonly whole: boolean;
}
