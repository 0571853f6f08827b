import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { BUS, freePort } from './local-server.ts';
import { lead } from './tcp-link.ts';

/** Stands in front of servers: what others tell the first of them by the cluster bus arrives late, all else at once. */
export class LateBus implements AsyncDisposable {
  readonly #delay: number;
  readonly #listeners: Server[] = [];

  /** @param delay milliseconds */
  constructor(delay: number) {
    this.#delay = delay;
  }

  /** The port by which others are to know the server on `port`. For the option `link` of a local platform. */
  readonly inFrontOf = async (port: number): Promise<number> => {
    const known = await freePort();
    const delay = this.#listeners.length === 0 ? this.#delay : 0;
    await this.#listen(known, port, 0);
    await this.#listen(known + BUS, port + BUS, delay);
    return known;
  };

  async #listen(at: number, port: number, delay: number): Promise<void> {
    const listener = createServer({ noDelay: true }, (socket) => lead(socket, { host: '127.0.0.1', port }, delay));
    this.#listeners.push(listener);
    listener.listen(at, '127.0.0.1');
    await once(listener, 'listening');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const listener of this.#listeners) listener.close();
  }
}
