import type { Connection } from '../ports/redis.ts';

/** Milliseconds for an answer, unless said otherwise. */
const USUAL = 15_000;

/**
 * The same connection, on which nothing is given up for what is in front of it: answers come in order, and one that is asked for
 * behind the MIGRATE of a key of gigabytes may take as long as that. Given up, the connection would be lost to all.
 */
export function inLine(connection: Connection): Connection {
  let ahead = 0;
  return {
    pod: connection.pod,
    async send(commands, options) {
      const own = options.timeout ?? USUAL;
      ahead += own;
      try {
        return await connection.send(commands, { ...options, timeout: ahead });
      } finally {
        ahead -= own;
      }
    },
    [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose](),
  };
}
