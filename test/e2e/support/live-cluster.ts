import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createKubernetes } from '../../../src/adapters/kubernetes/kubernetes.ts';
import { systemClock } from '../../../src/adapters/process/clock.ts';
import { directDial } from '../../../src/adapters/redis/dial.ts';
import { createRedis } from '../../../src/adapters/redis/redis.ts';
import type { Cluster, Pod } from '../../../src/core/cluster.ts';
import type { Reply } from '../../../src/core/replies.ts';
import { observeSettled } from '../../../src/engine/observe.ts';
import type { Command, Connection, Redis } from '../../../src/ports/redis.ts';
import { digest, type KeyDigest } from '../../support/dataset.ts';
import type { TestNamespace } from '../../support/kubernetes.ts';
import { topologyOf } from '../../support/topology.ts';

/** The images that the life of a cluster is tried with. */
export const IMAGES: readonly string[] = (process.env['E2E_IMAGES'] ?? 'redis:7.0,valkey/valkey:9.1').split(',');

/** This repository's manifest is for these. */
export const NEWER_THAN_6: readonly string[] = imagesThat((image) => image !== 'redis:6.2', 'redis:7.0');

/** Of the images given those that can, or this one that does where none of them can. */
export function imagesThat(can: (image: string) => boolean, otherwise: string): readonly string[] {
  const those = IMAGES.filter(can);
  return those.length > 0 ? those : [otherwise];
}

const SIX = { shards: 3, replicas: 1 };

/** The test's own eyes on a cluster in a namespace, beside the action's. */
export class LiveCluster implements AsyncDisposable {
  readonly redis: Redis & AsyncDisposable;
  readonly #namespace: TestNamespace;

  constructor(namespace: TestNamespace, password: string | null = null) {
    this.#namespace = namespace;
    const credentials = password === null ? {} : { password };
    this.redis = createRedis({ credentials, tls: null, dial: directDial(6379) });
  }

  look(): Promise<Cluster> {
    const topology = topologyOf(this.#namespace.place(), SIX);
    const ports = { kubernetes: createKubernetes(this.#namespace.config), redis: this.redis, clock: systemClock };
    return observeSettled(topology, ports, { manifests: null, signal: AbortSignal.timeout(30_000) });
  }

  /** As Kubernetes has them, whether their servers answer or not. */
  async pods(): Promise<readonly Pod[]> {
    const signal = AbortSignal.timeout(10_000);
    const kubernetes = createKubernetes(this.#namespace.config);
    return (await kubernetes.look(topologyOf(this.#namespace.place(), SIX).kubernetes, { spreadBy: [], signal })).pods;
  }

  /** Looks until nothing but notes is found. */
  settled(): Promise<Cluster> {
    return this.until('nothing to be found', ({ findings }) => findings.every(({ weight }) => weight === 'note'));
  }

  /** Looks until the cluster is as wanted, two minutes at most. */
  async until(what: string, isWanted: (cluster: Cluster) => boolean): Promise<Cluster> {
    const deadline = Date.now() + 120_000;
    for (;;) {
      const cluster = await this.look();
      if (isWanted(cluster)) return cluster;
      const found = cluster.findings.map(({ text }) => text).join(' ');
      if (Date.now() > deadline) throw new Error(`Waited two minutes for ${what}. Found last: ${found}`);
      await sleep(250);
    }
  }

  /** A connection of its own to a pod. */
  async open(pod: string): Promise<Connection & AsyncDisposable> {
    return this.redis.open(await this.#pod(pod), { signal: AbortSignal.timeout(60_000) });
  }

  /** Sends one command to a pod, behind the action's back; an error of the server is thrown. */
  async send(pod: string, ...command: Command): Promise<Reply> {
    const signal = AbortSignal.timeout(60_000);
    const connection = await this.redis.connection(await this.#pod(pod), { signal });
    const [answer] = await connection.send([command], { signal });
    if (answer?.ok) return answer.value;
    throw new Error(`${pod} answers ${command.join(' ')} with: ${answer?.error}`);
  }

  async #pod(name: string): Promise<Pod> {
    const found = (await this.pods()).find((pod) => pod.name === name);
    if (found === undefined) throw new Error(`There is no pod ${name}.`);
    return found;
  }

  /** Every key on the primaries. */
  async keys(): Promise<ReadonlyMap<string, KeyDigest>> {
    const { pods, members } = await this.look();
    const primaries = new Set(members.filter((member) => member.role === 'primary').map((member) => member.pod));
    return digest({ pods: pods.filter((pod) => primaries.has(pod.name)), redis: this.redis });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.redis[Symbol.asyncDispose]();
  }
}

/**
 * A file of the repository, its image replaced, and its probe of readiness made rare: each starts some processes, which for the pods of
 * many clusters on one machine are most of the work.
 */
export async function manifest(path: string, image: string): Promise<string> {
  const text = await readFile(fileURLToPath(new URL(`../../../${path}`, import.meta.url)), 'utf8');
  return text.replaceAll(/image: \S+/g, `image: ${image}`).replace('periodSeconds: 5\n', 'periodSeconds: 30\n');
}
