import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { BUS, freePort } from './local-server.ts';
import { type Delay, lead, type Target } from './tcp-link.ts';

/** What connections go through on their way to a server. */
export type Way = Pick<Target, 'localAddress'> & { readonly delay?: Delay };

/** Stands in front of servers, their clients' port and their bus. */
export class InFront implements AsyncDisposable {
  readonly #wayTo: (what: 'clients' | 'bus', isFirst: boolean) => Way;
  readonly #listeners: Server[] = [];

  /** @param wayTo by which connections reach the first server, and the others */
  constructor(wayTo: (what: 'clients' | 'bus', isFirst: boolean) => Way) {
    this.#wayTo = wayTo;
  }

  /** The port by which others are to know the server on `port`. For the option `link` of a local platform. */
  readonly inFrontOf = async (port: number): Promise<number> => {
    const known = await freePort();
    const isFirst = this.#listeners.length === 0;
    await this.#listen(known, port, this.#wayTo('clients', isFirst));
    await this.#listen(known + BUS, port + BUS, this.#wayTo('bus', isFirst));
    return known;
  };

  async #listen(at: number, port: number, { delay, ...from }: Way): Promise<void> {
    const to = { host: '127.0.0.1', port, ...from };
    const listener = createServer({ noDelay: true }, (socket) => lead(socket, to, delay));
    this.#listeners.push(listener);
    listener.listen(at, '127.0.0.1');
    await once(listener, 'listening');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const listener of this.#listeners) listener.close();
  }
}
