import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { BUS, freePort } from './local-server.ts';
import { lead } from './tcp-link.ts';

/** Stands in front of servers: while it is cut they serve clients and hear nothing of each other. */
export class CutBus implements AsyncDisposable {
  readonly #clients: Server[] = [];
  /** Port on which others look for a bus → who listens there. */
  readonly #buses = new Map<number, Server>();
  readonly #connections = new Set<Socket>();

  /** The port by which others are to know the server on `port`. For the option `link` of a local platform. */
  readonly inFrontOf = async (port: number): Promise<number> => {
    const known = await freePort();
    const clients = createServer({ noDelay: true }, (socket) => lead(socket, { host: '127.0.0.1', port }));
    const bus = createServer({ noDelay: true }, (socket) => this.#lead(socket, port + BUS));
    this.#clients.push(clients);
    this.#buses.set(known + BUS, bus);
    await listen(clients, known);
    await listen(bus, known + BUS);
    return known;
  };

  /** Connections are refused: one that is taken and closed counts as a link for a moment. */
  cut(): void {
    for (const bus of this.#buses.values()) bus.close();
    for (const socket of this.#connections) socket.destroy();
  }

  async restore(): Promise<void> {
    const closed = [...this.#buses].filter(([, bus]) => !bus.listening);
    await Promise.all(closed.map(([known, bus]) => listen(bus, known)));
  }

  #lead(socket: Socket, port: number): void {
    this.#connections.add(socket);
    socket.once('close', () => this.#connections.delete(socket));
    lead(socket, { host: '127.0.0.1', port });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const listener of [...this.#clients, ...this.#buses.values()]) listener.close();
  }
}

async function listen(listener: Server, at: number): Promise<void> {
  listener.listen(at, '127.0.0.1');
  await once(listener, 'listening');
}
