import { once } from 'node:events';
import { connect, createServer, type Server } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { BUS, freePort } from './local-server.ts';

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
    await this.#lead(known, port, 0);
    await this.#lead(known + BUS, port + BUS, delay);
    return known;
  };

  async #lead(from: number, to: number, delay: number): Promise<void> {
    const listener = createServer({ noDelay: true }, (socket) => {
      const onward = connect({ host: '127.0.0.1', port: to, noDelay: true });
      socket.on('data', (chunk) => {
        void sleep(delay).then(() => onward.destroyed || onward.write(chunk));
      });
      onward.on('data', (chunk) => socket.write(chunk));
      for (const [one, other] of [
        [socket, onward],
        [onward, socket],
      ] as const) {
        one.once('close', () => other.destroy());
        // A server that ends: both ends see their connection closed.
        one.once('error', () => one.destroy());
      }
    });
    this.#listeners.push(listener);
    listener.listen(from, '127.0.0.1');
    await once(listener, 'listening');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const listener of this.#listeners) listener.close();
  }
}
