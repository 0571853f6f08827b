import { type ExpandCredentials, Link } from './connection.ts';
import type { Way } from './dial.ts';
import { openStream, type TlsOptions } from './stream.ts';

export interface OpenOptions {
  readonly tls: TlsOptions | null;
  readonly signal: AbortSignal;
  /** Nothing by default, for a connection that no MIGRATE is sent over. */
  readonly expand?: ExpandCredentials;
}

/** Opens the way to a server as far as commands can be sent; nobody is logged in yet. */
export async function openLink(pod: string, way: Way, { tls, signal, expand }: OpenOptions): Promise<Link> {
  const link = new Link(pod, await openStream(way, { tls, signal }), expand ?? (() => []));
  try {
    await orAborted(link.start(), signal);
    return link;
  } catch (thrown) {
    await link[Symbol.asyncDispose]();
    throw thrown;
  }
}

/** The promise's value, or the signal's reason as soon as it is aborted. */
export async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
