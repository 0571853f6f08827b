import http from 'node:http';
import https from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node';
import { z } from 'zod';
import { Failure } from '../../core/failure.ts';
import type { Clock } from '../../ports/clock.ts';
import { credentialsFailure, networkFailure, type Subject, statusFailure, type Verb, wordsOf } from './errors.ts';

/** Milliseconds that one attempt may take, and all of them together. */
const ATTEMPT = 15_000;
const PATIENCE = 40_000;
/** Milliseconds before the second, third and fourth attempt. */
const PAUSES = [200, 600, 1_800] as const;
/** Milliseconds before each further one, while a server that has answered before is away: it is being restarted. */
const PAUSE = 3_000;
const PAGE = 1_000;

const METHODS: Record<Verb, string> = {
  get: 'GET',
  list: 'GET',
  create: 'POST',
  update: 'PUT',
  patch: 'PATCH',
  delete: 'DELETE',
};

export interface ApiRequest extends Subject {
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** Of the body; default: `application/json`. */
  readonly contentType?: string;
  readonly accept?: string;
  /** Asked again where no answer came: only what may be done twice. Default: reads. */
  readonly repeatable?: boolean;
  /** Milliseconds for all attempts together. Default: 40,000. */
  readonly patience?: number;
  /** Statuses beside 2xx that the caller knows to live with. */
  readonly expected?: readonly number[];
}

export interface ApiAnswer {
  readonly status: number;
  /** Milliseconds by which the server's clock is ahead of this machine's; null where it tells no time. */
  readonly ahead: number | null;
  readonly body: unknown;
}

/** Only names and labels of what is asked for: the server leaves out spec and status. */
export const METADATA_ONLY = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1';
export const METADATA_LIST_ONLY = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';

const LIST = z.object({
  metadata: z.object({ continue: z.string().optional() }).optional(),
  items: z.array(z.unknown()).nullish(),
});

/** Connections that rest for half a minute are closed: load balancers drop them some minutes later without a word. */
const KEPT = { keepAlive: true, maxSockets: 16, timeout: 30_000 };

/**
 * The Kubernetes API as requests with deadlines. The client library gives the credentials; requests are made here, so
 * that every answer is checked by a schema and every refusal names verb and resource.
 */
export class Api {
  readonly #config: KubeConfig;
  readonly #clock: Clock;
  /** The library's own agents keep no connection: a TLS handshake for every request. */
  readonly #agents = {
    'http:': new http.Agent(KEPT),
    'https:': new https.Agent(KEPT),
  };

  /** One that never did is more likely named wrongly than away, and whoever asks wants to know soon. */
  #hasAnswered = false;

  /** Milliseconds by which the server's clock was ahead of this machine's when it last answered. */
  #ahead = 0;

  constructor(config: KubeConfig, clock: Clock) {
    this.#config = config;
    this.#clock = clock;
  }

  /** The time by the server's clock, give or take a second; by this machine's where the server tells none. */
  now(): number {
    return this.#clock.now() + this.#ahead;
  }

  /**
   * Gives the answer where it is 2xx or expected; throws the Failure that it means otherwise. A server that has answered
   * before and is away now is waited for, as long as the request's patience lasts.
   */
  async ask(request: ApiRequest, options: { signal: AbortSignal }): Promise<ApiAnswer> {
    const repeatable = request.repeatable ?? (request.verb === 'get' || request.verb === 'list');
    const end = this.#clock.now() + (request.patience ?? PATIENCE);
    for (let attempt = 0; ; attempt += 1) {
      const pause = PAUSES[attempt] ?? (this.#hasAnswered ? PAUSE : undefined);
      const again = pause !== undefined && this.#clock.now() + pause < end;
      const answer = await this.#try(request, end - this.#clock.now(), options, again && repeatable);
      if (answer !== null && !(again && isBusy(answer.status, repeatable))) return this.#accept(request, answer);
      await this.#clock.sleep(pause ?? 0, options);
    }
  }

  #accept(request: ApiRequest, answer: ApiAnswer): ApiAnswer {
    const isGood = answer.status >= 200 && answer.status < 300;
    if (isGood || request.expected?.includes(answer.status)) return answer;
    throw statusFailure(request, this.#server().host, answer.status, answer.body);
  }

  /** Null where no answer came and another attempt may be made. */
  async #try(
    request: ApiRequest,
    left: number,
    options: { signal: AbortSignal },
    again: boolean,
  ): Promise<ApiAnswer | null> {
    const deadline = AbortSignal.timeout(Math.max(1, Math.ceil(Math.min(ATTEMPT, left))));
    try {
      const answer = await this.#send(request, AbortSignal.any([options.signal, deadline]));
      this.#hasAnswered ||= answer.status < 500;
      this.#ahead = answer.ahead ?? this.#ahead;
      return answer;
    } catch (thrown) {
      options.signal.throwIfAborted();
      if (thrown instanceof Failure) throw thrown;
      if (again) return null;
      throw networkFailure(request, this.#server().host, deadline.aborted ? deadline.reason : thrown);
    }
  }

  /** One value, read by its schema. */
  async read<T>(request: ApiRequest, schema: z.ZodType<T>, options: { signal: AbortSignal }): Promise<T | null> {
    const answer = await this.ask(request, options);
    return answer.status === 404 ? null : understand(request, schema, answer.body);
  }

  /** All pages of a list. */
  async list<T>(request: ApiRequest, item: z.ZodType<T>, options: { signal: AbortSignal }): Promise<readonly T[]> {
    const items: T[] = [];
    let next = '';
    do {
      const query = { ...request.query, limit: `${PAGE}`, ...(next === '' ? {} : { continue: next }) };
      const answer = await this.ask({ ...request, query }, options);
      if (answer.status === 404) return items;
      const page = understand(request, LIST, answer.body);
      for (const one of page.items ?? []) items.push(understand(request, item, one));
      next = page.metadata?.continue ?? '';
    } while (next !== '');
    return items;
  }

  #server(): URL {
    return new URL(this.#config.getCurrentCluster()?.server ?? 'http://nowhere.invalid');
  }

  async #credentials(request: ApiRequest): Promise<https.RequestOptions> {
    const credentials: https.RequestOptions = {};
    try {
      await this.#config.applyToHTTPSOptions(credentials);
      return credentials;
    } catch (thrown) {
      throw credentialsFailure(request, this.#server().host, thrown);
    }
  }

  async #send(request: ApiRequest, signal: AbortSignal): Promise<ApiAnswer> {
    const server = this.#server();
    const base = `${server.origin}${server.pathname.replace(/\/$/, '')}`;
    const url = new URL(`${base}${request.path}?${new URLSearchParams(request.query).toString()}`);
    const credentials = await this.#credentials(request);
    const secure = url.protocol === 'https:';
    const proxied = this.#config.getCurrentCluster()?.proxyUrl !== undefined;
    const agent = proxied ? credentials.agent : this.#agents[secure ? 'https:' : 'http:'];
    const text = request.body === undefined ? undefined : JSON.stringify(request.body);
    const headers: http.OutgoingHttpHeaders = {
      ...Object.fromEntries(Object.entries(credentials.headers ?? {})),
      accept: request.accept ?? 'application/json',
      'user-agent': 'redis-cluster-topology',
      ...(text === undefined ? {} : bodyHeaders(text, request.contentType ?? 'application/json')),
    };
    const settings = { ...credentials, agent, headers, method: METHODS[request.verb], signal };
    return new Promise((resolve, reject) => {
      const outgoing = (secure ? https : http).request(url, settings, (incoming) => {
        collect(incoming, this.#clock).then(resolve, reject);
      });
      outgoing.on('error', reject);
      outgoing.end(text);
    });
  }
}

/** Node adds no length of its own to the body of a DELETE, and the server would take it for the next request. */
function bodyHeaders(text: string, type: string): http.OutgoingHttpHeaders {
  return { 'content-type': type, 'content-length': Buffer.byteLength(text) };
}

async function collect(incoming: http.IncomingMessage, clock: Clock): Promise<ApiAnswer> {
  // Before the body, which may take long.
  const ahead = Date.parse(incoming.headers.date ?? '') - clock.now();
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(Buffer.from(chunk));
  const text = Buffer.concat(chunks).toString('utf8');
  const isJson = (incoming.headers['content-type'] ?? '').includes('json');
  return {
    status: incoming.statusCode ?? 0,
    ahead: Number.isNaN(ahead) ? null : ahead,
    body: isJson && text !== '' ? parseJson(text) : text,
  };
}

function parseJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  return value;
}

/** 429 was not carried out, so that it may always be asked again. */
function isBusy(status: number, repeatable: boolean): boolean {
  return status === 429 || (repeatable && (status === 500 || (status >= 502 && status <= 504)));
}

function understand<T>(request: Subject, schema: z.ZodType<T>, value: unknown): T {
  const read = schema.safeParse(value);
  if (read.success) return read.data;
  const issue = read.error.issues[0];
  const where = issue === undefined ? '' : ` at ${issue.path.join('.')}: ${issue.message}`;
  throw new Failure('kubernetes-error', `Cannot ${wordsOf(request)}: the answer is not of the form expected${where}.`, {
    remedy:
      'Check that the kubeconfig names a Kubernetes API server (1.27 or later), and that no proxy answers in its place.',
    cause: read.error,
  });
}
