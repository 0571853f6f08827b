import type { Domains, ManifestSet, Pod, Volume, Workload } from '../core/cluster.ts';
import type { Place } from '../core/topology.ts';

/** What Kubernetes shows of one cluster at one moment. */
export interface KubernetesView {
  readonly workload: Workload | null;
  readonly pods: readonly Pod[];
  readonly volumes: readonly Volume[];
  readonly kubernetesNodes: readonly Domains[];
}

/** A resource named as in a plan. */
export interface ResourceRef {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace: string | null;
}

/** What is written into a Lease. The moment is added by the adapter. */
export interface LeaseState {
  /** The URL of the run that holds it, for people; empty when given back. */
  readonly holder: string;
  /** Random, and of one process only: the jobs of a run share its URL. Empty when given back. */
  readonly token: string;
  readonly seconds: number;
  /** What the holder wrote beside it: the approved steps, for the run that goes on after a crash. */
  readonly note: string;
}

/** A Lease as it was read. */
export interface Lease extends LeaseState {
  /** Milliseconds since it was written, both told by the API server's clock: those of two runners may differ. */
  readonly age: number;
  /** For compare-and-swap. */
  readonly version: string;
}

/** `beaten`: somebody else was faster. `no-namespace`: there is none to write it into. */
export type LeaseWritten = 'written' | 'beaten' | 'no-namespace';

/**
 * The Kubernetes API, reduced to what the engine needs. Every method throws Failure `kubernetes-unreachable`,
 * `kubernetes-forbidden` (naming verb and resource) or `kubernetes-error`.
 */
export interface Kubernetes {
  /**
   * The StatefulSet, its pods, its volumes and the nodes of Kubernetes with their labels, at one moment.
   * `claimTemplates` (of the manifests) tell the volumes of a StatefulSet that is gone; without them none are seen then.
   */
  look(
    place: Place,
    options: { spreadBy: readonly string[]; claimTemplates?: readonly string[]; signal: AbortSignal },
  ): Promise<KubernetesView>;
  /** Server-side apply of every document; the StatefulSet gets `replicas`. */
  applyManifests(
    place: Place,
    manifests: ManifestSet,
    options: { replicas: number; signal: AbortSignal },
  ): Promise<void>;
  /** Sets `spec.replicas`; throws `changed-meanwhile` unless it is `from` just before. */
  scale(place: Place, change: { from: number; to: number }, options: { signal: AbortSignal }): Promise<void>;
  deleteVolumes(place: Place, claims: readonly string[], options: { signal: AbortSignal }): Promise<void>;
  /** Deletes each and waits for nothing; what is already gone is no error. */
  deleteResources(place: Place, resources: readonly ResourceRef[], options: { signal: AbortSignal }): Promise<void>;
  /** Which of these still exist. */
  existing(
    place: Place,
    resources: readonly ResourceRef[],
    options: { signal: AbortSignal },
  ): Promise<readonly ResourceRef[]>;
  readLease(place: Place, name: string, options: { signal: AbortSignal }): Promise<Lease | null>;
  /** Creates or replaces what was read (`version` is that one's, null to create). */
  writeLease(
    place: Place,
    name: string,
    lease: LeaseState,
    options: { version: string | null; signal: AbortSignal },
  ): Promise<LeaseWritten>;
}
