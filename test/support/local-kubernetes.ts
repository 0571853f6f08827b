import { createHash } from 'node:crypto';
import type { ManifestSet } from '../../src/core/cluster.ts';
import { Failure } from '../../src/core/failure.ts';
import type { Place } from '../../src/core/topology.ts';
import type {
  Kubernetes,
  KubernetesView,
  Lease,
  LeaseState,
  LeaseWritten,
  ResourceRef,
} from '../../src/ports/kubernetes.ts';

/** What a platform can do with its processes. */
export interface Processes {
  view(): KubernetesView;
  /** Starts and ends processes until as many run, from the lowest ordinal on. */
  resize(pods: number): Promise<void>;
  deleteVolumes(claims: readonly string[]): Promise<void>;
}

/**
 * The part of the Kubernetes API that the engine needs, over processes and folders of this machine. As in Kubernetes,
 * `scale` returns before the pods are there, and volumes outlive their pods.
 */
export class LocalKubernetes implements Kubernetes {
  readonly #processes: Processes;
  readonly #resources = new Map<string, ResourceRef>();
  readonly #leases = new Map<string, Omit<Lease, 'age'> & { readonly written: number }>();
  #replicas: number | null;
  #work: Promise<void> = Promise.resolve();
  /** What every method was called with, in order, for tests that say what must not be called. */
  readonly calls: string[] = [];

  constructor(processes: Processes, replicas: number | null) {
    this.#processes = processes;
    this.#replicas = replicas;
  }

  async look(
    place: Place,
    options: { spreadBy: readonly string[]; claimTemplates?: readonly string[]; signal: AbortSignal },
  ): Promise<KubernetesView> {
    options.signal.throwIfAborted();
    const view = this.#processes.view();
    const pods = view.pods.map((pod) => ({ ...pod, domains: only(pod.domains, options.spreadBy) }));
    if (this.#replicas === null) {
      return { ...view, workload: null, pods, volumes: (options.claimTemplates ?? []).length > 0 ? view.volumes : [] };
    }
    const workload = {
      name: place.statefulSet,
      namespace: place.namespace,
      replicas: this.#replicas,
      firstOrdinal: 0,
      owners: [],
      claimTemplates: ['data'],
    };
    return { ...view, workload, pods };
  }

  async applyManifests(
    _place: Place,
    manifests: ManifestSet,
    options: { replicas: number; signal: AbortSignal },
  ): Promise<void> {
    options.signal.throwIfAborted();
    this.calls.push(`applyManifests ${options.replicas}`);
    for (const { apiVersion, kind, name, namespace } of manifests.resources) {
      this.#resources.set(`${kind}/${name}`, { apiVersion, kind, name, namespace });
    }
    this.#resize(options.replicas);
  }

  async scale(_place: Place, change: { from: number; to: number }, options: { signal: AbortSignal }): Promise<void> {
    options.signal.throwIfAborted();
    this.calls.push(`scale ${change.from} ${change.to}`);
    if (this.#replicas !== change.from) {
      throw new Failure('changed-meanwhile', `Cannot scale from ${change.from} pods: there are ${this.#replicas}.`, {
        remedy: 'Run again: a new plan is made from what is there now.',
      });
    }
    this.#resize(change.to);
  }

  async deleteVolumes(_place: Place, claims: readonly string[], options: { signal: AbortSignal }): Promise<void> {
    options.signal.throwIfAborted();
    this.calls.push(`deleteVolumes ${claims.join(' ')}`);
    await this.settled();
    await this.#processes.deleteVolumes(claims);
  }

  async deleteResources(
    _place: Place,
    resources: readonly ResourceRef[],
    options: { signal: AbortSignal },
  ): Promise<void> {
    options.signal.throwIfAborted();
    this.calls.push(`deleteResources ${resources.map((resource) => `${resource.kind}/${resource.name}`).join(' ')}`);
    for (const resource of resources) {
      this.#resources.delete(`${resource.kind}/${resource.name}`);
      if (resource.kind !== 'StatefulSet') continue;
      this.#resize(0);
      this.#replicas = null;
    }
  }

  async existing(
    _place: Place,
    resources: readonly ResourceRef[],
    options: { signal: AbortSignal },
  ): Promise<readonly ResourceRef[]> {
    options.signal.throwIfAborted();
    return resources.filter((resource) =>
      resource.kind === 'StatefulSet'
        ? this.#replicas !== null
        : this.#resources.has(`${resource.kind}/${resource.name}`),
    );
  }

  async readLease(_place: Place, name: string, options: { signal: AbortSignal }): Promise<Lease | null> {
    options.signal.throwIfAborted();
    const lease = this.#leases.get(name);
    if (lease === undefined) return null;
    const { written, ...rest } = lease;
    return { ...rest, age: Date.now() - written };
  }

  async writeLease(
    _place: Place,
    name: string,
    lease: LeaseState,
    options: { version: string | null; signal: AbortSignal },
  ): Promise<LeaseWritten> {
    options.signal.throwIfAborted();
    const now = this.#leases.get(name) ?? null;
    if ((now?.version ?? null) !== options.version) return 'beaten';
    const content = JSON.stringify([now?.version, lease]);
    const version = createHash('sha256').update(content).digest('hex');
    this.#leases.set(name, { ...lease, version, written: Date.now() });
    return 'written';
  }

  /** Until all processes that were asked for have come and gone. Throws what went wrong with them. */
  settled(): Promise<void> {
    return this.#work;
  }

  #resize(replicas: number): void {
    this.#replicas = replicas;
    this.#work = this.#work.then(() => this.#processes.resize(replicas));
    // Reported by whoever awaits `settled`; until then it must not count as unhandled.
    this.#work.catch((thrown: unknown) => this.calls.push(`failed ${String(thrown)}`));
  }
}

function only(labels: Readonly<Record<string, string>>, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).filter(([name]) => names.includes(name)));
}
