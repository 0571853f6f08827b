import type { Pod } from '../../core/cluster.ts';
import { Failure } from '../../core/failure.ts';
import type { Connection, Redis } from '../../ports/redis.ts';
import type { Link } from './connection.ts';
import type { Dial, Way } from './dial.ts';
import { type Credentials, logIn } from './log-in.ts';
import { openLink, orAborted } from './open-link.ts';
import { certificateAdvice, type TlsOptions } from './stream.ts';

export interface RedisOptions {
  readonly credentials: Credentials;
  /** Null: plain TCP. */
  readonly tls: TlsOptions | null;
  readonly dial: Dial;
  /** Milliseconds for connecting, TLS and logging in. A dead pod's address would hang for over a minute. */
  readonly connectTimeout?: number;
}

/** The servers behind pods, through ioredis. */
export function createRedis(options: RedisOptions): Redis & AsyncDisposable {
  return new Servers(options);
}

class Servers implements Redis, AsyncDisposable {
  readonly #credentials: Credentials;
  readonly #tls: TlsOptions | null;
  readonly #dial: Dial;
  readonly #timeout: number;
  /** By pod; a pod that came back with another uid or IP is another server. */
  readonly #shared = new Map<string, Promise<Link>>();
  /** All that may be open still, the shared ones too: whoever opened one may have come to an end without closing it. */
  readonly #opened = new Set<Link>();
  readonly #closing = new AbortController();

  constructor(options: RedisOptions) {
    this.#credentials = options.credentials;
    this.#tls = options.tls;
    this.#dial = options.dial;
    this.#timeout = options.connectTimeout ?? 5_000;
  }

  async connection(pod: Pod, options: { signal: AbortSignal }): Promise<Connection> {
    options.signal.throwIfAborted();
    const key = `${pod.name} ${pod.uid} ${pod.ip}`;
    const known = this.#shared.get(key);
    if (known !== undefined) {
      const link = await orAborted(known, options.signal);
      if (link.open) return link;
      if (this.#shared.get(key) === known) this.#shared.delete(key);
      return this.connection(pod, options);
    }
    // Opened on nobody's signal but the own: one caller's abort must not fail the others that wait for it.
    const opening = this.#connect(pod, this.#closing.signal);
    this.#shared.set(key, opening);
    opening.catch(() => this.#shared.delete(key));
    return orAborted(opening, options.signal);
  }

  async open(pod: Pod, options: { signal: AbortSignal }): Promise<Connection> {
    return this.#connect(pod, AbortSignal.any([options.signal, this.#closing.signal]));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await Promise.allSettled(this.#shared.values());
    this.#shared.clear();
    await Promise.all([...this.#opened].map((link) => link[Symbol.asyncDispose]()));
    this.#opened.clear();
  }

  async #connect(pod: Pod, stop: AbortSignal): Promise<Link> {
    stop.throwIfAborted();
    const late = AbortSignal.timeout(this.#timeout);
    const signal = AbortSignal.any([stop, late]);
    let way: Way | null = null;
    try {
      way = await orAborted(this.#dial(pod, { signal }), signal);
      const link = await openLink(pod.name, way, { tls: this.#tls, signal, expand: () => this.#expand() });
      try {
        await logIn(link, this.#credentials, { signal, timeout: this.#timeout });
      } catch (thrown) {
        await link[Symbol.asyncDispose]();
        throw thrown;
      }
      if ('stream' in way) way.answered?.();
      for (const one of this.#opened) if (!one.open) this.#opened.delete(one);
      this.#opened.add(link);
      return link;
    } catch (thrown) {
      stop.throwIfAborted();
      if (thrown instanceof Failure) throw thrown;
      throw this.#unreachable(pod, way, late.aborted ? null : thrown);
    }
  }

  /** What MIGRATE needs so that the donor can log in to the receiver. */
  #expand(): readonly string[] {
    const { username, password } = this.#credentials;
    if (password === undefined) return [];
    return username === undefined ? ['AUTH', password] : ['AUTH2', username, password];
  }

  /** @param thrown null: nothing came within the time */
  #unreachable(pod: Pod, way: Way | null, thrown: unknown): Failure {
    const where = way !== null && 'host' in way ? `${way.host}:${way.port}` : (pod.ip ?? 'no address');
    const how = way === null || 'host' in way ? 'directly' : 'through port-forward';
    const seen =
      thrown === null ? `no answer within ${this.#timeout / 1000} s` : `${wordsOf(thrown)}${certificateAdvice(thrown)}`;
    return new Failure(
      'redis-unreachable',
      `Cannot connect to Redis of pod ${pod.name} (${where}, tried ${how}${this.#tls === null ? '' : ' with TLS'}): ${seen}.`,
      {
        remedy:
          'Look whether the pod runs and listens on this port, with or without TLS as declared; where pod IPs cannot be reached from here, set `connect: port-forward`.',
        cause: thrown,
      },
    );
  }
}

function wordsOf(thrown: unknown): string {
  return typeof thrown === 'object' && thrown !== null && 'message' in thrown ? String(thrown.message) : String(thrown);
}
