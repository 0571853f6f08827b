import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Pod } from '../../core/cluster.ts';
import { Failure } from '../../core/failure.ts';

/** A way to a pod's server: an address to connect to, or a stream that somebody else has opened to it. */
export type Way = { readonly host: string; readonly port: number } | Tunnel;

export interface Tunnel {
  readonly stream: Duplex;
  /** Told once the server behind the stream has answered: an open tunnel alone proves nothing. */
  readonly answered?: () => void;
}

/** Finds the way to a pod's server. Throws Failure `redis-unreachable` where there is none. */
export type Dial = (pod: Pod, options: { signal: AbortSignal }) => Promise<Way>;

/** Opens a stream to the Redis port of a pod through the API server. */
export type OpenTunnel = (pod: Pod, options: { signal: AbortSignal }) => Promise<Duplex>;

/** Connects to pod IPs. */
export function directDial(port: number): Dial {
  return async (pod) => ({ host: ipOf(pod), port });
}

/** Goes through the API server. */
export function tunnelDial(open: OpenTunnel): Dial {
  return async (pod, options) => ({ stream: await open(pod, options) });
}

/**
 * Direct where a pod IP accepts a connection within `patience` milliseconds, else through the API server. The first pod
 * whose server answers decides for all; until then every pod is tried in both ways, since a dead pod says nothing about
 * the network. A refused connection counts as no answer: outside of the cluster a pod's IP may be somebody else's.
 */
export function autoDial(port: number, open: OpenTunnel, patience = 1_000): Dial {
  let decided: 'direct' | 'tunnel' | null = null;
  return async (pod, options) => {
    if (decided === null && (await accepts(ipOf(pod), port, { patience, signal: options.signal }))) {
      decided ??= 'direct';
    }
    if (decided === 'direct') return { host: ipOf(pod), port };
    const answered = (): void => {
      decided ??= 'tunnel';
    };
    return { stream: await open(pod, options), answered };
  };
}

function ipOf(pod: Pod): string {
  if (pod.ip !== null) return pod.ip;
  throw new Failure('redis-unreachable', `Cannot connect to Redis of pod ${pod.name}: the pod has no IP yet.`, {
    remedy: 'Look at the pod: it is not scheduled, or its containers do not start.',
    details: pod.trouble === null ? [] : [pod.trouble],
  });
}

function accepts(host: string, port: number, options: { patience: number; signal: AbortSignal }): Promise<boolean> {
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(options.patience)]);
  return new Promise((resolve) => {
    const socket = connect({ host, port, signal });
    socket.once('connect', () => {
      resolve(true);
      socket.destroy();
    });
    // Refused, no route, too late (the signal destroys the socket with an error): all the same here.
    socket.on('error', () => resolve(false));
  });
}
