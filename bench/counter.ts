import type { Pod } from '../src/core/cluster.ts';
import type { Connection, Redis } from '../src/ports/redis.ts';

/** Leads to the same servers, and counts what is asked of them. */
export class Counter implements Redis {
  readonly #servers: Redis;
  readonly #shared = new WeakMap<Connection, Connection>();
  /** Connections opened so far and open now, commands sent so far, connections that were open at once. */
  readonly counts = { opened: 0, open: 0, sent: 0, most: 0 };

  constructor(servers: Redis) {
    this.#servers = servers;
  }

  /** From here on `most` counts anew, from what is open now. Returns the counts up to here. */
  beginAnew(): Counter['counts'] {
    this.counts.most = this.counts.open;
    return { ...this.counts };
  }

  async connection(pod: Pod, options: { signal: AbortSignal }): Promise<Connection> {
    const connection = await this.#servers.connection(pod, options);
    const known = this.#shared.get(connection);
    if (known !== undefined) return known;
    const counted = this.#counted(connection);
    this.#shared.set(connection, counted);
    return counted;
  }

  async open(pod: Pod, options: { signal: AbortSignal }): Promise<Connection> {
    return this.#counted(await this.#servers.open(pod, options));
  }

  #counted(connection: Connection): Connection {
    this.counts.open += 1;
    this.counts.opened += 1;
    this.counts.most = Math.max(this.counts.most, this.counts.open);
    return {
      pod: connection.pod,
      send: (commands, options) => {
        this.counts.sent += commands.length;
        return connection.send(commands, options);
      },
      [Symbol.asyncDispose]: () => {
        this.counts.open -= 1;
        return connection[Symbol.asyncDispose]();
      },
    };
  }
}
