import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { BUS, freePort } from './local-server.ts';
import { lead } from './tcp-link.ts';

/** Stands in front of servers: while it is cut they serve clients and hear nothing of each other. */
export class CutBus implements AsyncDisposable {
  readonly #listeners: Server[] = [];
  readonly #connections = new Set<Socket>();
  #isCut = false;

  /** The port by which others are to know the server on `port`. For the option `link` of a local platform. */
  readonly inFrontOf = async (port: number): Promise<number> => {
    const known = await freePort();
    await this.#listen(known, (socket) => lead(socket, { host: '127.0.0.1', port }));
    await this.#listen(known + BUS, (socket) => this.#lead(socket, port + BUS));
    return known;
  };

  cut(): void {
    this.#isCut = true;
    for (const socket of this.#connections) socket.destroy();
  }

  restore(): void {
    this.#isCut = false;
  }

  #lead(socket: Socket, port: number): void {
    if (this.#isCut) {
      socket.destroy();
      return;
    }
    this.#connections.add(socket);
    socket.once('close', () => this.#connections.delete(socket));
    lead(socket, { host: '127.0.0.1', port });
  }

  async #listen(at: number, serve: (socket: Socket) => void): Promise<void> {
    const listener = createServer({ noDelay: true }, serve);
    this.#listeners.push(listener);
    listener.listen(at, '127.0.0.1');
    await once(listener, 'listening');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const listener of this.#listeners) listener.close();
  }
}
