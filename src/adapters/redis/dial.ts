import type { Duplex } from 'node:stream';
import type { Pod } from '../../core/cluster.ts';
import { Failure } from '../../core/failure.ts';

/** Where a server listens. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** A way to a pod's server: an address to connect to, or a stream that somebody else has opened to it. */
export type Way = Address | Tunnel;

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
 * Tells a pod's own server from whatever else may listen at its IP: outside of the cluster that may be another cluster's
 * pod, a proxy, anybody. Nothing secret is sent there.
 */
export interface Identity {
  /** Whether what listens at the address answers as a server does. */
  answers(at: Address, options: { signal: AbortSignal }): Promise<boolean>;
  /** Whether it is the pod's own server. */
  isOf(pod: Pod, at: Address, options: { signal: AbortSignal }): Promise<boolean>;
}

/**
 * Direct where the server at a pod's IP is shown to be the pod's own, else through the API server. The first pod of which
 * that is shown, or whose server answers through the API server, decides for all; until then every pod is tried in both
 * ways, since a dead pod says nothing about the network.
 * @param patience milliseconds for an answer at a pod's IP
 */
export function autoDial(port: number, open: OpenTunnel, identity: Identity, patience = 1_000): Dial {
  let decided: 'direct' | 'tunnel' | null = null;
  let queue: Promise<void> = Promise.resolve();

  const prove = async (pod: Pod, at: Address, signal: AbortSignal): Promise<void> => {
    if (decided !== null || signal.aborted) return;
    if (await shown(identity.isOf(pod, at, { signal }))) decided ??= 'direct';
  };

  return async (pod, { signal }) => {
    const at = { host: ipOf(pod), port };
    const soon = AbortSignal.any([signal, AbortSignal.timeout(patience)]);
    if (decided === null && (await shown(identity.answers(at, { signal: soon })))) {
      // One pod after the other: it takes a tunnel, and mostly the first decides.
      queue = queue.then(() => prove(pod, at, signal));
      await queue;
    }
    if (decided === 'direct') return at;
    const answered = (): void => {
      decided ??= 'tunnel';
    };
    return { stream: await open(pod, { signal }), answered };
  };
}

/** Refused, no route, too late: all the same here. What stands in the tunnel's way is told where it is needed next. */
async function shown(proof: Promise<boolean>): Promise<boolean> {
  try {
    return await proof;
  } catch {
    return false;
  }
}

function ipOf(pod: Pod): string {
  if (pod.ip !== null) return pod.ip;
  throw new Failure('redis-unreachable', `Cannot connect to Redis of pod ${pod.name}: the pod has no IP yet.`, {
    remedy: 'Look at the pod: it is not scheduled, or its containers do not start.',
    details: pod.trouble === null ? [] : [pod.trouble],
  });
}
