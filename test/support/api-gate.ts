import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { KubeConfig } from '@kubernetes/client-node';
import { testConfig } from './kubernetes.ts';
import { lead } from './tcp-link.ts';

/**
 * A way to the API server that can be shut, as when the server is restarted: connections break, and new ones are refused.
 * TLS goes through it as it is, so that the server's certificate has to be good for 127.0.0.1 or the config's own name.
 */
export class ApiGate implements AsyncDisposable {
  readonly #open = new Set<Socket>();
  #server: Server | null = null;
  #port = 0;

  static async open(): Promise<ApiGate> {
    const gate = new ApiGate();
    await gate.reopen();
    return gate;
  }

  /** The tests' own, through the gate. */
  config(): KubeConfig {
    const config = new KubeConfig();
    config.loadFromString(testConfig().exportConfig());
    const { hostname } = targetOf(config);
    const name = /^[\d.]+$/.test(hostname) ? {} : { tlsServerName: hostname };
    const server = `https://127.0.0.1:${this.#port}`;
    config.clusters = config.clusters.map((cluster) => ({ ...name, ...cluster, server }));
    return config;
  }

  async shut(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (server === null) return;
    const closed = once(server, 'close');
    server.close();
    for (const socket of this.#open) socket.destroy();
    await closed;
  }

  async reopen(): Promise<void> {
    const { hostname, port } = targetOf(testConfig());
    const server = createServer({ noDelay: true }, (socket) => {
      this.#open.add(socket);
      socket.once('close', () => this.#open.delete(socket));
      lead(socket, { host: hostname, port: Number(port || 443) });
    });
    server.listen(this.#port, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (typeof address === 'object' && address !== null) this.#port = address.port;
    this.#server = server;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.shut();
  }
}

function targetOf(config: KubeConfig): URL {
  return new URL(config.getCurrentCluster()?.server ?? 'https://nowhere.invalid');
}
