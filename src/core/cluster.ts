import type { Capabilities } from './capabilities.ts';
import type { Finding } from './findings.ts';
import type { LibraryFact } from './libraries.ts';
import { remembered } from './remembered.ts';
import { ALL_SLOTS, equals, type SlotSet, union } from './slots.ts';
import { byText } from './text-order.ts';
import type { Release } from './versions.ts';

/**
 * The live cluster as one value: what Kubernetes says of the StatefulSet and its pods, and what every Redis node says of
 * itself and the others. Pods are named, never node ids: a pod that does not exist yet has no id.
 * Arrays are sorted by ordinal, so that the same cluster is always the same value.
 */
export interface Cluster {
  /** Null: the StatefulSet does not exist. */
  readonly workload: Workload | null;
  readonly pods: readonly Pod[];
  readonly volumes: readonly Volume[];
  /** Every node of Kubernetes, whether a pod of the cluster runs on it or not. */
  readonly kubernetesNodes: readonly Domains[];
  /** The Redis nodes of the pods that answered. */
  readonly members: readonly Member[];
  /** Nodes that members know and that no pod of the StatefulSet is. */
  readonly strangers: readonly Stranger[];
  /** What the topology's `manifests` hold; null where none are declared. */
  readonly manifests: ManifestSet | null;
  /**
   * `Kind/name` of what the manifests hold and is there still, of a cluster that is to be gone and has neither StatefulSet nor
   * pods; else nobody asks.
   */
  readonly remains: readonly string[];
  /** What contradicts, is missing or failing, seen while the views were put together. */
  readonly findings: readonly Finding[];
}

export interface Workload {
  readonly name: string;
  readonly namespace: string;
  /** `spec.replicas`. */
  readonly replicas: number;
  /** `spec.ordinals.start`. */
  readonly firstOrdinal: number;
  /** What else writes `spec.replicas` (Argo CD, Flux, Helm, an HPA, an operator), each in words. */
  readonly owners: readonly string[];
  /** Names of the volumeClaimTemplates: a pod's claims are `<template>-<pod>`. */
  readonly claimTemplates: readonly string[];
  /** `spec.persistentVolumeClaimRetentionPolicy.whenScaled` is `Delete`: Kubernetes deletes the volumes of pods that are scaled away. */
  readonly volumesGoWithPods?: true;
  /** `spec.podManagementPolicy` is `OrderedReady`: it makes a pod only when the one before it is ready. */
  readonly waitsForEachPod?: true;
  /** Why it makes no further pods (a quota, an admission plugin), in Kubernetes' own words. */
  readonly trouble?: string;
}

/** Labels of a Kubernetes node that `placement.spreadBy` names, and its zone: label → value. One that it lacks is left out. */
export type Domains = Readonly<Record<string, string>>;

export interface Pod {
  readonly name: string;
  readonly ordinal: number;
  /** Null: the pod is yet to come (only in a simulated cluster). */
  readonly uid: string | null;
  readonly ip: string | null;
  /** The Kubernetes node; null: not scheduled yet. */
  readonly node: string | null;
  /** Those of that node; empty while there is none. */
  readonly domains: Domains;
  readonly ready: boolean;
  readonly deleting: boolean;
  /** Why it does not start, in Kubernetes' own words. */
  readonly trouble: string | null;
  /** Bytes: the Redis container's memory limit. */
  readonly memoryLimit: number | null;
}

export interface Volume {
  /** The PersistentVolumeClaim's name. */
  readonly claim: string;
  readonly ordinal: number;
  readonly bound: boolean;
  readonly deleting: boolean;
  /** Its pod was scaled away and Kubernetes deletes it with that, see `Workload.volumesGoWithPods`. */
  readonly goesWithPod?: true;
}

export type Role = 'primary' | 'replica';

export interface Member {
  readonly pod: string;
  /** 40 hex digits; empty for a member that is only predicted. */
  readonly id: string;
  /** False: it knows nobody and holds nothing, ready to be joined. */
  readonly joined: boolean;
  readonly role: Role;
  /** The pod that it replicates; null for primaries and where no pod is that primary. */
  readonly primary: string | null;
  readonly slots: SlotSet;
  readonly configEpoch: number;
  /** A replica whose link is up and which has caught up; true for primaries. */
  readonly synced: boolean;
  /** A replica whose link is up, and that is only behind for the load of the moment; false or left out otherwise. */
  readonly behind?: boolean;
  /** A replica that looks for its primary where this is no more; false or left out otherwise. See `hasOutdatedLink`. */
  readonly outdatedLink?: boolean;
  /**
   * What it claims by an old volume, and others own: it counts as blank, and is reset when it joins. Left out where that is not so.
   */
  readonly stale?: SlotSet;
  /** Slots whose move was begun and not ended, as the node itself marks them. */
  readonly open?: readonly OpenMark[];
  /** Slots that it owns by its own word, and not by that of another member; left out where there are none. */
  readonly uncredited?: SlotSet;
  /** Keys of slots that are in doubt or not its own, where it holds any; left out where there are none, or nobody asked. */
  readonly holds?: readonly SlotKeys[];
  /**
   * Keys that it holds and that are of none of its own slots, where it does not tell of which: Redis from 8.4 on counts no
   * key of a slot that it neither owns nor imports. Left out where there are none.
   */
  readonly hides?: number;
  readonly facts: ServerFacts;
  /** Left out: the server would not tell. No step rests on it: the way of a move is chosen when it is carried out. */
  readonly capabilities?: Capabilities;
}

/** Of one slot. */
export interface SlotKeys {
  readonly slot: number;
  readonly keys: number;
}

export interface OpenMark {
  readonly slot: number;
  readonly state: 'migrating' | 'importing';
  /** The pod at the other end; null where no pod is that node. */
  readonly peer: string | null;
}

/** What a server says of itself (INFO); for display, findings, estimates and for the choice of what to move. */
export interface ServerFacts extends Release {
  /** 10.244.1.7:6379@16379, as the cluster announces it. */
  readonly address: string;
  readonly keys: number;
  /** Bytes used (`used_memory`). */
  readonly memory: number;
  /** Bytes of the data alone (`used_memory_dataset`). */
  readonly dataset: number;
  /** Bytes; 0: no limit. */
  readonly maxMemory: number;
  readonly evictionPolicy: string;
  /** Whether AOF is on or RDB snapshots are made; null where the server would not tell. */
  readonly persistent: boolean | null;
  /** A replica's distance from its primary in bytes of the replication stream; 0 for primaries. */
  readonly lag: number;
  /** Replicas in step without which it takes no writes: at least so many, as far as it tells; left out where it needs none. */
  readonly minReplicas?: number;
  /** The modules that are loaded, as `name version`; left out where there are none. */
  readonly modules?: readonly string[];
  /** Function libraries; left out where there are none. */
  readonly libraries?: number;
  /** The same by name; left out where there are none, or the server would not tell. */
  readonly functions?: readonly LibraryFact[];
}

export interface Stranger {
  readonly id: string;
  readonly address: string;
  readonly role: Role;
  readonly slots: SlotSet;
  /** Whether a majority of those who know it hold it for failed, or all of them at least suspect it. */
  readonly failed: boolean;
  /** Some of those who know it have a link to it, or try, and hold it for well. Left out where nobody does. */
  readonly reached?: true;
  /** Pods that know it. */
  readonly knownBy: readonly string[];
  /** Pods that replicate it. */
  readonly followers: readonly string[];
  /** The pod that now answers at its address under another id: it was reset or lost its volume. */
  readonly ghostOf?: string;
  /** Nobody has an address of it any more (`noaddr`): its server was reset, or is gone for good. */
  readonly nowhere?: true;
}

/** The files under the topology's `manifests`, read and split into documents. */
export interface ManifestSet {
  readonly path: string;
  readonly resources: readonly ManifestResource[];
  /** 12 hex digits over the documents: the plan rests on them. */
  readonly digest: string;
  /** `spec.ordinals.start` of the StatefulSet. */
  readonly firstOrdinal: number;
  readonly claimTemplates: readonly string[];
}

export interface ManifestResource {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace: string | null;
  /** The document itself, as it is to be applied. */
  readonly document: Readonly<Record<string, unknown>>;
}

/** `Kind/name`, as plans name a resource. */
export function resourceName({ kind, name }: Pick<ManifestResource, 'kind' | 'name'>): string {
  return `${kind}/${name}`;
}

export function memberOf(cluster: Cluster, pod: string): Member | undefined {
  return cluster.members.find((member) => member.pod === pod);
}

export function podOf(cluster: Cluster, name: string): Pod | undefined {
  return cluster.pods.find((pod) => pod.name === name);
}

export function replicasOf(cluster: Cluster, primary: string): readonly Member[] {
  return cluster.members.filter((member) => member.joined && member.role === 'replica' && member.primary === primary);
}

/** Primaries that own slots, by ordinal: the live shards. */
export function slotOwners(cluster: Cluster): readonly Member[] {
  return ownersAmong(cluster.members);
}

const ownersAmong = remembered((members: readonly Member[]) =>
  members.filter((member) => member.role === 'primary' && member.slots.length > 0),
);

/** Whether every slot has an owner among them. */
export function ownAllSlots(members: readonly Member[]): boolean {
  return equals(union(...members.map((member) => member.slots)), ALL_SLOTS);
}

/** A copy of the cluster in which one member is changed. */
export function withMember(cluster: Cluster, pod: string, change: Partial<Member>): Cluster {
  const index = cluster.members.findIndex((member) => member.pod === pod);
  const member = cluster.members[index];
  return member === undefined
    ? cluster
    : { ...cluster, members: cluster.members.with(index, { ...member, ...change }) };
}

export function ordinalOf(pod: string): number {
  return Number(/-(\d+)$/.exec(pod)?.[1] ?? Number.NaN);
}

export function byOrdinal(a: string, b: string): number {
  return ordinalOf(a) - ordinalOf(b) || byText(a, b);
}
