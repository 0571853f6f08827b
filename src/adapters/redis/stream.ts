import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import type { Way } from './dial.ts';

/** PEM texts. Without `ca` the machine's own authorities count. */
export interface TlsOptions {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  /** The name that the certificate must bear; by default the address that is connected to. */
  readonly serverName?: string;
}

/** What ioredis asks of a stream beyond a Duplex. */
const SOCKET_METHODS = { setNoDelay: () => undefined, setKeepAlive: () => undefined };

/**
 * A stream to the server on which TLS, if any, has been agreed. Rejects with the last error of the network, or with the
 * signal's reason.
 */
export async function openStream(way: Way, options: { tls: TlsOptions | null; signal: AbortSignal }): Promise<Socket> {
  const plain = 'stream' in way ? way.stream : connect({ host: way.host, port: way.port, noDelay: true });
  try {
    if (!('stream' in way)) await happens(plain, 'connect', options.signal);
    if (plain.destroyed) throw plain.errored ?? new Error('the connection was closed');
    if (options.tls === null) return asSocket(plain);
    const { serverName, ...pem } = options.tls;
    const host = serverName ?? ('host' in way ? way.host : undefined);
    const secure = connectTls({
      socket: plain,
      ...pem,
      ...(host === undefined ? {} : { host }),
      ...(serverName === undefined ? {} : { servername: serverName }),
    });
    await happens(secure, 'secureConnect', options.signal);
    return secure;
  } catch (thrown) {
    plain.destroy();
    throw thrown;
  }
}

/** Codes of OpenSSL for a certificate that no known authority has signed. */
const UNKNOWN_AUTHORITY: ReadonlySet<string> = new Set([
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
]);

/** Which input is wrong where a server's certificate was refused, to go on an error's own words; else nothing. */
export function certificateAdvice(thrown: unknown): string {
  const code = typeof thrown === 'object' && thrown !== null && 'code' in thrown ? String(thrown.code) : '';
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return '; give one of the names in the certificate with `redis-server-name` (without it the IP of the pod is checked, through port-forward "localhost")';
  }
  return UNKNOWN_AUTHORITY.has(code) ? '; give the authority that signed the certificate with `redis-ca`' : '';
}

/** Waits for one event of a stream; rejects on its error, its end, or the signal. */
function happens(stream: Duplex, event: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (end: () => void): void => {
      stream.off(event, succeed).off('error', fail).off('close', close);
      signal.removeEventListener('abort', abort);
      end();
    };
    const succeed = (): void => settle(resolve);
    // The listener for errors stays until the stream is destroyed by the caller: a late one must not go unhandled.
    const fail = (error: Error): void => settle(() => reject(error));
    const close = (): void => settle(() => reject(new Error('the connection was closed')));
    const abort = (): void => {
      settle(() => reject(signal.reason));
      stream.on('error', () => stream.destroy());
    };
    stream.on(event, succeed).on('error', fail).on('close', close);
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
  });
}

/** A tunnel's Duplex with the methods of a socket that ioredis calls; they mean nothing to a tunnel. */
function asSocket(stream: Duplex): Socket {
  if (isSocket(stream)) return stream;
  const extended = Object.assign(stream, SOCKET_METHODS);
  if (isSocket(extended)) return extended;
  throw new TypeError('This stream cannot carry a Redis connection.');
}

function isSocket(stream: Duplex): stream is Socket {
  return 'setNoDelay' in stream && 'setKeepAlive' in stream;
}
