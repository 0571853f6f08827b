import { Duplex } from 'node:stream';
import type { KubeConfig } from '@kubernetes/client-node';
import { WebSocketHandler } from '@kubernetes/client-node/dist/web-socket-handler.js';
import type { Pod } from '../../core/cluster.ts';
import { Failure } from '../../core/failure.ts';
import type { Place } from '../../core/topology.ts';
import { networkFailure, type Subject, saysOf, statusFailure } from './errors.ts';

/** Milliseconds until the tunnel must stand. */
const PATIENCE = 10_000;
const DATA = 0;
const ERRORS = 1;

/** The part of a WebSocket (package ws) that a tunnel needs. */
interface Socket {
  send(data: Buffer, sent: (error?: Error | null) => void): void;
  pause(): void;
  resume(): void;
  close(): void;
  terminate(): void;
  on(event: 'close', listener: () => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
}

/** Opens a stream to the Redis port of a pod through the API server: the tunnel that the Redis adapter dials through. */
export function tunnelTo(
  config: KubeConfig,
  { namespace, port }: Place,
): (pod: Pod, options: { signal: AbortSignal }) => Promise<Duplex> {
  return (pod, options) => openTunnel(config, { namespace, pod: pod.name, port }, options);
}

/**
 * A connection to a port of a pod through the API server: `port-forward` over a WebSocket (v4.channel.k8s.io). Every
 * frame begins with the number of its channel, data or errors, and the first frame of each channel holds the port only.
 * Throws Failure `redis-unreachable` where the pod cannot be reached, else `kubernetes-forbidden`, `kubernetes-unreachable` or
 * `kubernetes-error`.
 */
async function openTunnel(
  config: KubeConfig,
  target: { namespace: string; pod: string; port: number },
  options: { signal: AbortSignal },
): Promise<Duplex> {
  const tunnel = new Tunnel();
  const path = `/api/v1/namespaces/${target.namespace}/pods/${target.pod}/portforward?ports=${target.port}`;
  const connecting: Promise<Socket> = new WebSocketHandler(config).connect(path, null, (channel, frame) => {
    tunnel.receive(channel, frame);
    return true;
  });
  try {
    tunnel.attach(await within(connecting, AbortSignal.any([options.signal, AbortSignal.timeout(PATIENCE)])));
    return tunnel;
  } catch (thrown) {
    tunnel.destroy();
    options.signal.throwIfAborted();
    throw tunnelFailure(config, target, thrown);
  }
}

class Tunnel extends Duplex {
  #socket: Socket | null = null;
  readonly #named = new Set<number>();

  constructor() {
    super();
    // The other end may refuse before anybody listens, and an error without a listener ends the whole process. It is not
    // lost: it stays in `errored`, where the one who takes the stream over looks first.
    this.on('error', () => this.#socket?.terminate());
  }

  attach(socket: Socket): void {
    this.#socket = socket;
    socket.on('error', (error) => this.destroy(error));
    socket.on('close', () => {
      this.push(null);
      this.destroy();
    });
  }

  receive(channel: number, frame: Buffer): void {
    if (!this.#named.has(channel)) {
      this.#named.add(channel);
      if (frame.length <= 2) return;
      this.receive(channel, frame.subarray(2));
    } else if (channel === DATA) {
      if (!this.push(frame)) this.#socket?.pause();
    } else if (channel === ERRORS) {
      this.destroy(new Error(frame.toString('utf8')));
    }
  }

  override _read(): void {
    this.#socket?.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    const frame = Buffer.concat([Buffer.of(DATA), chunk]);
    if (this.#socket === null) done(new Error('The tunnel does not stand.'));
    else this.#socket.send(frame, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#socket?.close();
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#socket?.terminate();
    done(error);
  }
}

/** A socket that opens after nobody waits any more is closed. */
async function within(connecting: Promise<Socket>, signal: AbortSignal): Promise<Socket> {
  const given = Promise.withResolvers<never>();
  const giveUp = () => given.reject(signal.reason);
  signal.addEventListener('abort', giveUp, { once: true });
  if (signal.aborted) giveUp();
  try {
    return await Promise.race([connecting, given.promise]);
  } catch (thrown) {
    connecting.then((socket) => socket.terminate(), ignoreSameFailure);
    throw thrown;
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}

/** What `within` has thrown already, or what came after it gave up: nobody is left to tell. */
function ignoreSameFailure(): void {}

/** The WebSocket tells the status of a refused handshake only in its message: `Unexpected server response: 403`. */
function tunnelFailure(config: KubeConfig, target: { namespace: string; pod: string }, thrown: unknown): Failure {
  const subject: Subject = {
    verb: 'create',
    group: '',
    resource: 'pods/portforward',
    namespace: target.namespace,
    name: target.pod,
  };
  const { host } = new URL(config.getCurrentCluster()?.server ?? 'http://nowhere.invalid');
  const status = /Unexpected server response: (\d+)/.exec(saysOf(errorOf(thrown), 'message'))?.[1];
  if (status !== undefined && OF_THE_POD.includes(Number(status))) return podFailure(target.pod, status);
  if (status !== undefined) return statusFailure(subject, host, Number(status), undefined);
  return networkFailure(subject, host, errorOf(thrown));
}

/**
 * Answers that are about the pod, not about Kubernetes: 400 before it is scheduled, 404 once it is gone, 500 while its containers are not
 * there yet (kubelet; seen for a moment after the pod has got its IP).
 */
const OF_THE_POD: readonly number[] = [400, 404, 500];

function podFailure(pod: string, status: string): Failure {
  return new Failure(
    'redis-unreachable',
    `Cannot reach pod ${pod} through the API server (port-forward): Kubernetes answered ${status}, as it does for a pod that is gone or whose containers do not run.`,
    { remedy: 'Look at the pod (kubectl describe pod); when it runs, run again.' },
  );
}

/** ws gives an ErrorEvent, which holds the error. */
function errorOf(thrown: unknown): unknown {
  return typeof thrown === 'object' && thrown !== null && 'error' in thrown ? thrown.error : thrown;
}
