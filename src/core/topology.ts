import type { SlotSet } from './slots.ts';

/** One cluster as declared in topology.yaml, with every default filled in. Nothing later sees YAML. */
export interface Topology {
  /** Names the cluster in texts and outputs, and its lock; by default the StatefulSet's name. It need not be unique. */
  readonly name: string;
  /** Path of the file, relative to the workspace. Comments and issues are found by it. */
  readonly file: string;
  readonly state: 'present' | 'absent';
  readonly kubernetes: Place;
  readonly shards: readonly Share[];
  readonly replicasPerShard: number;
  /** How far a shard may be from its share before that counts as a difference: 0.02 is 2 %. */
  readonly tolerance: number;
  readonly placement: PlacementRule;
  readonly volumes: { readonly onScaleDown: 'retain' | 'delete' };
  readonly migration: Migration;
}

/** Where the cluster is in Kubernetes. */
export interface Place {
  readonly namespace: string;
  readonly statefulSet: string;
  /** Null: the container with a containerPort equal to `port`. */
  readonly container: string | null;
  readonly port: number;
  /** A file or folder relative to the workspace. */
  readonly manifests: string | null;
}

export type Share =
  | { readonly kind: 'weight'; readonly weight: number }
  | { readonly kind: 'slots'; readonly slots: SlotSet };

/** Labels of Kubernetes nodes that tell where a pod is. */
export const HOST_LABEL = 'kubernetes.io/hostname';
export const ZONE_LABEL = 'topology.kubernetes.io/zone';

export interface PlacementRule {
  /** Labels of Kubernetes nodes, the most important first. */
  readonly spreadBy: readonly string[];
  readonly whenUnsatisfiable: 'warn' | 'fail';
}

export interface Migration {
  readonly method: 'auto' | 'atomic' | 'classic';
  /** Milliseconds. */
  readonly maxLatency: number;
}

/** How many pods the topology asks for. */
export function podCount(topology: Topology): number {
  return topology.state === 'absent' ? 0 : topology.shards.length * (1 + topology.replicasPerShard);
}
