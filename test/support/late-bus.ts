import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { BUS, freePort } from './local-server.ts';
import { type Delay, lead } from './tcp-link.ts';

/**
 * Stands in front of servers: whatever the first of them hears by the cluster bus arrives late. A node tells its news on
 * the connection that it made, and in its answers on those that others made to it: both are held back.
 */
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
    const late = this.#listeners.length === 0 ? { there: this.#delay } : { back: this.#delay };
    await this.#listen(known, port, {});
    await this.#listen(known + BUS, port + BUS, late);
    return known;
  };

  async #listen(at: number, port: number, delay: Delay): Promise<void> {
    const listener = createServer({ noDelay: true }, (socket) => lead(socket, { host: '127.0.0.1', port }, delay));
    this.#listeners.push(listener);
    listener.listen(at, '127.0.0.1');
    await once(listener, 'listening');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const listener of this.#listeners) listener.close();
  }
}
