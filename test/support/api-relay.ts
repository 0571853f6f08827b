import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import https from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';
import { testConfig } from './kubernetes.ts';

/** Passes requests on to the API server, and can lose an answer after the request was carried out, or answer in its place. */
export class ApiRelay implements AsyncDisposable {
  /** Answered to everything; null: what the server says. */
  status: number | null = null;
  /** The statuses of answers that were lost. */
  readonly lost: number[] = [];
  #losing: string | null = null;
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((incoming, outgoing) => {
      this.#pass(incoming, outgoing).catch((thrown: unknown) => outgoing.destroy(new Error(String(thrown))));
    });
  }

  static async start(): Promise<ApiRelay> {
    const relay = new ApiRelay();
    relay.#server.listen(0, '127.0.0.1');
    await once(relay.#server, 'listening');
    return relay;
  }

  config(): KubeConfig {
    const address = this.#server.address();
    const port = typeof address === 'object' ? address?.port : 0;
    const config = new KubeConfig();
    config.loadFromClusterAndUser(
      { name: 'relay', server: `http://127.0.0.1:${port}`, skipTLSVerify: true },
      { name: 'anybody' },
    );
    return config;
  }

  /** While the work goes on, the answer to the first request of this method that is carried out is lost. */
  async losingNext(method: string, work: () => Promise<void>): Promise<void> {
    this.#losing = method;
    await work();
    this.#losing = null;
  }

  async #pass(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    if (this.status !== null) {
      outgoing.writeHead(this.status).end();
      return;
    }
    const config = testConfig();
    const credentials: https.RequestOptions = {};
    await config.applyToHTTPSOptions(credentials);
    const { host: _, authorization: __, ...headers } = incoming.headers;
    const url = new URL(incoming.url ?? '/', config.getCurrentCluster()?.server);
    const request = https.request(url, {
      ...credentials,
      method: incoming.method ?? 'GET',
      headers: { ...headers, ...Object.fromEntries(Object.entries(credentials.headers ?? {})) },
    });
    incoming.pipe(request);
    const [answer] = await once(request, 'response');
    await this.#answer(answer, incoming.method, outgoing);
  }

  async #answer(answer: IncomingMessage, method: string | undefined, outgoing: ServerResponse): Promise<void> {
    const status = answer.statusCode ?? 500;
    if (method !== this.#losing || status >= 300) {
      outgoing.writeHead(status, answer.headers);
      answer.pipe(outgoing);
      return;
    }
    this.#losing = null;
    answer.resume();
    await once(answer, 'end');
    this.lost.push(status);
    outgoing.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
