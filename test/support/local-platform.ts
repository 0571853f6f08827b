import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Dial } from '../../src/adapters/redis/dial.ts';
import type { Credentials } from '../../src/adapters/redis/log-in.ts';
import { createRedis } from '../../src/adapters/redis/redis.ts';
import type { Pod, Volume } from '../../src/core/cluster.ts';
import type { Place } from '../../src/core/topology.ts';
import type { KubernetesView } from '../../src/ports/kubernetes.ts';
import type { Answer, Command, Redis, Reply } from '../../src/ports/redis.ts';
import { LocalKubernetes } from './local-kubernetes.ts';
import { configOf, type LocalPlatformOptions, threeZones } from './local-platform-options.ts';
import { freePort, type LocalServer, startServer } from './local-server.ts';
import { anyServer, type ServerProgram } from './servers.ts';
import { startWatchdog, type Watchdog } from './watchdog.ts';

/** Starts real servers in cluster mode on this machine, in place of pods. They know nothing of each other yet. */
export async function startLocalPlatform(options: LocalPlatformOptions): Promise<LocalPlatform> {
  const folder = await mkdtemp(join(tmpdir(), 'redis-cluster-topology-'));
  const platform = new LocalPlatform(folder, options);
  try {
    await platform.resize(options.pods ?? 0);
  } catch (thrown) {
    await platform[Symbol.asyncDispose]();
    throw thrown;
  }
  return platform;
}

/** Milliseconds for what servers do within a second where they have a processor. */
const DEADLINE = 90_000;

function byOrdinal(a: { readonly ordinal: number }, b: { readonly ordinal: number }): number {
  return a.ordinal - b.ordinal;
}

export class LocalPlatform implements AsyncDisposable {
  readonly kubernetes: LocalKubernetes;
  readonly place: Place;
  readonly server: ServerProgram;
  readonly folder: string;
  /** What the servers ask for; null: nothing. */
  readonly password: string | null;
  readonly #options: LocalPlatformOptions;
  readonly #watchdog: Watchdog;
  readonly #servers = new Map<number, { server: LocalServer; uid: string }>();
  readonly #volumes = new Set<number>();
  readonly #ports = new Map<number, number>();
  readonly #links = new Map<number, number>();
  #generation = 0;
  #raw: (Redis & AsyncDisposable) | null = null;

  constructor(folder: string, options: LocalPlatformOptions) {
    this.folder = folder;
    this.server = options.server ?? anyServer();
    this.password = options.password ?? null;
    this.#options = options;
    this.#watchdog = startWatchdog(folder);
    this.place = {
      namespace: 'local',
      statefulSet: options.name ?? 'redis-cluster',
      container: null,
      port: 6379,
      manifests: null,
    };
    this.kubernetes = new LocalKubernetes(this, options.pods);
  }

  /** To a pod's own port: all pods share the IP 127.0.0.1. */
  readonly dial: Dial = async (pod) => ({ host: '127.0.0.1', port: this.port(pod.name) });

  /** A client for all pods; to be disposed by the caller. */
  redis(credentials: Credentials = this.#credentials(), dial = this.dial): Redis & AsyncDisposable {
    const { tls, tlsFor } = this.#options;
    return createRedis({ credentials, tls: tlsFor === 'servers' ? null : (tls?.client ?? null), dial });
  }

  pods(): readonly Pod[] {
    return this.view().pods;
  }

  pod(name: string): Pod {
    const pod = this.pods().find((candidate) => candidate.name === name);
    if (pod === undefined) throw new Error(`There is no pod ${name}.`);
    return pod;
  }

  /** The port that everybody knows. */
  port(pod: string): number {
    return this.#links.get(this.#ordinal(pod)) ?? this.serverPort(pod);
  }

  /** The port on which the server itself listens. */
  serverPort(pod: string): number {
    const port = this.#ports.get(this.#ordinal(pod));
    if (port === undefined) throw new Error(`There is no pod ${pod}.`);
    return port;
  }

  /** Sends one command to a pod; an error of the server is thrown. */
  async call(pod: string, command: Command): Promise<Reply> {
    const answer = await this.#ask(pod, command);
    if (answer.ok) return answer.value;
    throw new Error(`${pod} answers ${String(command[0])} ${String(command[1] ?? '')} with: ${answer.error}`);
  }

  async #ask(pod: string, command: Command): Promise<Answer> {
    this.#raw ??= this.redis();
    const signal = AbortSignal.timeout(30_000);
    const connection = await this.#raw.connection(this.pod(pod), { signal });
    const [answer] = await connection.send([command], { signal, timeout: 30_000 });
    return answer ?? { ok: false, error: 'nothing' };
  }

  view(): KubernetesView {
    const pods = [...this.#servers].map(([ordinal, { server, uid }]): Pod => {
      const name = this.#name(ordinal);
      const trouble = server.alive ? null : 'the process has ended';
      const at = (this.#options.nodes ?? threeZones)(ordinal);
      return {
        name,
        ordinal,
        uid,
        ip: '127.0.0.1',
        ...at,
        ready: server.alive,
        deleting: false,
        trouble,
        memoryLimit: null,
      };
    });
    const volumes = [...this.#volumes].map((ordinal): Volume => {
      return { claim: `data-${this.#name(ordinal)}`, ordinal, bound: true, deleting: false };
    });
    return {
      workload: null,
      pods: pods.toSorted(byOrdinal),
      volumes: volumes.toSorted(byOrdinal),
      kubernetesNodes: pods.map(({ domains }) => domains),
    };
  }

  /** Sets the number of pods and waits until they are there. */
  async scale(pods: number): Promise<void> {
    const signal = AbortSignal.timeout(30_000);
    const { workload } = await this.kubernetes.look(this.place, { spreadBy: [], signal });
    await this.kubernetes.scale(this.place, { from: workload?.replicas ?? 0, to: pods }, { signal });
    await this.kubernetes.settled();
  }

  /** For LocalKubernetes; tests use `scale`. */
  async resize(pods: number): Promise<void> {
    const leaving = [...this.#servers.keys()].filter((ordinal) => ordinal >= pods).toSorted((a, b) => b - a);
    for (const ordinal of leaving) {
      await this.#end(ordinal);
      this.#servers.delete(ordinal);
    }
    const coming = Array.from({ length: pods }, (_, ordinal) => ordinal).filter((n) => !this.#servers.has(n));
    const started = await Promise.allSettled(coming.map((ordinal) => this.#start(ordinal)));
    // Only when all have come to an end: what is started while this throws would be left running.
    for (const start of started) if (start.status === 'rejected') throw start.reason;
  }

  async deleteVolumes(claims: readonly string[]): Promise<void> {
    for (const ordinal of this.#volumes) {
      if (!claims.includes(`data-${this.#name(ordinal)}`) || this.#servers.has(ordinal)) continue;
      await rm(this.#folderOf(ordinal), { recursive: true, force: true });
      this.#volumes.delete(ordinal);
    }
  }

  /** Ends a server by SIGKILL; it stays away until `restart`. */
  async kill(pod: string): Promise<void> {
    const { server } = this.#running(pod);
    server.signal('SIGKILL');
    await server.ended;
  }

  /** What a killed server has stored, and its node id with it. */
  async loseVolume(pod: string): Promise<void> {
    await rm(this.#folderOf(this.#ordinal(pod)), { recursive: true, force: true });
  }

  /** SIGSTOP: the server accepts connections and answers nothing. */
  stop(pod: string): void {
    this.#running(pod).server.signal('SIGSTOP');
  }

  resume(pod: string): void {
    this.#running(pod).server.signal('SIGCONT');
  }

  /** Starts a pod's server anew on its volume, as another pod of the same name; `newPort` stands for a new IP. */
  async restart(pod: string, options: { newPort?: boolean } = {}): Promise<void> {
    const ordinal = this.#ordinal(pod);
    await this.#end(ordinal);
    if (options.newPort === true) this.#ports.delete(ordinal);
    await this.#start(ordinal);
  }

  /**
   * Forms a cluster by raw commands: the first pods become primaries with equal runs of slots, pod `shards + i` a
   * replica of primary `i % shards`. Waits until all agree.
   */
  async form(shape: { readonly shards: number; readonly replicas: number }): Promise<void> {
    const { shards, replicas } = shape;
    const names = Array.from({ length: shards * (1 + replicas) }, (_, ordinal) => this.#name(ordinal));
    await Promise.all(names.map((name, i) => this.call(name, ['CLUSTER', 'SET-CONFIG-EPOCH', i + 1])));
    await this.#meet(names);
    await Promise.all(names.slice(0, shards).map((name, i) => this.#addSlots(name, i, shards)));
    const ids = await Promise.all(names.map(async (name) => String(await this.call(name, ['CLUSTER', 'MYID']))));
    for (const [i, name] of names.slice(shards).entries()) {
      await this.call(name, ['CLUSTER', 'REPLICATE', ids[i % shards] ?? '']);
    }
    await this.until(names, (text) => (text.match(/ \d+(-\d+)?$/gm)?.length ?? 0) === shards);
    await this.until(names, (text) => (text.match(/slave/g)?.length ?? 0) === shards * replicas);
    await this.untilInfo(names, 'CLUSTER', /cluster_state:ok/);
    await this.untilInfo(names.slice(shards), 'REPLICATION', /master_link_status:up/);
  }

  /** Waits until CLUSTER NODES of every pod is as wanted. */
  async until(pods: readonly string[], wanted: (nodes: string) => boolean): Promise<void> {
    await this.#poll(pods, ['CLUSTER', 'NODES'], wanted);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kubernetes.settled().catch((thrown: unknown) => this.kubernetes.calls.push(String(thrown)));
    await this.#raw?.[Symbol.asyncDispose]();
    await Promise.all([...this.#servers.keys()].map((ordinal) => this.#end(ordinal)));
    this.#servers.clear();
    await this.#watchdog.end();
  }

  /** Waits until INFO's section, or CLUSTER INFO, of every pod is as wanted. */
  async untilInfo(
    pods: readonly string[],
    what: 'CLUSTER' | 'PERSISTENCE' | 'REPLICATION',
    wanted: RegExp,
  ): Promise<void> {
    await this.#poll(pods, what === 'CLUSTER' ? ['CLUSTER', 'INFO'] : ['INFO', what], (text) => wanted.test(text));
  }

  async #poll(pods: readonly string[], command: Command, wanted: (text: string) => boolean): Promise<void> {
    const deadline = Date.now() + DEADLINE;
    for (const pod of pods) {
      for (;;) {
        const answer = await this.#ask(pod, command);
        // One that loads its data answers with an error.
        const text = answer.ok ? String(answer.value) : answer.error;
        if (answer.ok && wanted(text)) break;
        if (Date.now() > deadline) throw new Error(`${pod} is not as expected after ${DEADLINE / 1_000} s:\n${text}`);
        await sleep(25);
      }
    }
  }

  /** A handshake that does not come about within the node timeout is forgotten: then it is begun again. */
  async #meet(names: readonly string[]): Promise<void> {
    const first = this.#name(0);
    const isMet = (text: string): boolean =>
      !text.includes('handshake') && text.trim().split('\n').length === names.length;
    for (const deadline = Date.now() + DEADLINE; Date.now() < deadline; await sleep(25)) {
      const known = String(await this.call(first, ['CLUSTER', 'NODES']));
      if (isMet(known)) break;
      for (const name of names.slice(1)) {
        const port = this.port(name);
        if (!known.includes(`:${port}@`)) await this.call(first, ['CLUSTER', 'MEET', '127.0.0.1', port]);
      }
    }
    await this.until(names, isMet);
  }

  async #addSlots(pod: string, index: number, shards: number): Promise<void> {
    const bound = (i: number): number => Math.round((16_384 * i) / shards);
    const slots = Array.from({ length: bound(index + 1) - bound(index) }, (_, i) => bound(index) + i);
    await this.call(pod, ['CLUSTER', 'ADDSLOTS', ...slots]);
  }

  async #start(ordinal: number): Promise<void> {
    const folder = this.#folderOf(ordinal);
    await mkdir(folder, { recursive: true });
    this.#volumes.add(ordinal);
    const { link, tls, tlsFor = 'all' } = this.#options;
    const port = this.#ports.get(ordinal) ?? (link === undefined ? null : await freePort());
    if (link !== undefined && port !== null) this.#links.set(ordinal, await link(port));
    const server = await startServer({
      server: this.#options.serverOf?.(ordinal) ?? this.server,
      folder,
      port,
      config: configOf(this.#options, this.#links.get(ordinal)),
      tls: tls === undefined ? null : tlsFor,
      watchdog: this.#watchdog,
    });
    this.#ports.set(ordinal, server.port);
    this.#generation += 1;
    this.#servers.set(ordinal, { server, uid: `local-${ordinal}-${this.#generation}` });
  }

  async #end(ordinal: number): Promise<void> {
    const server = this.#servers.get(ordinal)?.server;
    server?.signal('SIGKILL');
    await server?.ended;
  }

  #credentials(): Credentials {
    const { username } = this.#options;
    if (this.password === null) return {};
    return username === undefined ? { password: this.password } : { username, password: this.password };
  }

  #running(pod: string): { server: LocalServer } {
    const found = this.#servers.get(this.#ordinal(pod));
    if (found === undefined) throw new Error(`There is no pod ${pod}.`);
    return found;
  }

  #ordinal(pod: string): number {
    return Number(pod.slice(pod.lastIndexOf('-') + 1));
  }

  #name(ordinal: number): string {
    return `${this.place.statefulSet}-${ordinal}`;
  }

  #folderOf(ordinal: number): string {
    return join(this.folder, `data-${this.#name(ordinal)}`);
  }
}
