import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type { Dial } from '../../src/adapters/redis/dial.ts';

/** What the server gets in place of a command: it answers with a word, or that it knows no such command. */
const INSTEAD = { odd: '*2\r\n$4\r\nECHO\r\n$3\r\nodd\r\n', unknown: '*1\r\n$6\r\nFORKED\r\n' } as const;

/**
 * Stands in front of servers and lets them answer oddly to some commands, as forks and modules do: in place of such a
 * command the server gets an ECHO, so that its answer is one word, whatever was asked, or one that it does not know.
 */
export class OddAnswers implements AsyncDisposable {
  /** How often there was an odd answer. */
  given = 0;
  /** What they are from here on: a word, or that there is no such command. */
  as: keyof typeof INSTEAD = 'odd';
  readonly #odd: ReadonlySet<string>;
  readonly #listeners: Server[] = [];

  /** @param odd names of commands, or of commands with a subcommand */
  constructor(odd: readonly string[]) {
    this.#odd = new Set(odd);
  }

  /** A way to the same servers through this one. */
  inFrontOf(portOf: (pod: string) => number): Dial {
    return async (pod) => {
      const listener = createServer({ noDelay: true }, (client) => this.#serve(client, portOf(pod.name)));
      this.#listeners.push(listener);
      listener.listen(0, '127.0.0.1');
      await once(listener, 'listening');
      return { host: '127.0.0.1', port: portIn(listener.address()) };
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const listener of this.#listeners) listener.close();
  }

  #serve(client: Socket, port: number): void {
    const server = connect({ host: '127.0.0.1', port, noDelay: true });
    let unread = Buffer.alloc(0);
    client.on('data', (chunk) => {
      unread = Buffer.concat([unread, chunk]);
      for (let length = commandLength(unread); length !== null; length = commandLength(unread)) {
        const command = unread.subarray(0, length);
        unread = unread.subarray(length);
        server.write(this.#isOdd(command) ? INSTEAD[this.as] : command);
      }
    });
    server.on('data', (chunk) => client.write(chunk));
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      one.once('close', () => other.destroy());
      one.once('error', () => one.destroy());
    }
  }

  #isOdd(command: Buffer): boolean {
    const [, , name = '', , second = ''] = command.subarray(0, 96).toString('latin1').toUpperCase().split('\r\n');
    const isOdd = this.#odd.has(name) || this.#odd.has(`${name} ${second}`);
    if (isOdd) this.given += 1;
    return isOdd;
  }
}

/** Bytes of the first whole command, a list of bulk strings; null while there is none. */
function commandLength(bytes: Buffer): number | null {
  let at = 0;
  const line = (): string | null => {
    const end = bytes.indexOf('\r\n', at);
    if (end === -1) return null;
    const words = bytes.toString('latin1', at, end);
    at = end + 2;
    return words;
  };
  const items = Number(line()?.slice(1) ?? Number.NaN);
  for (let i = 0; i < items; i += 1) {
    const size = line();
    if (size === null) return null;
    at += Number(size.slice(1)) + 2;
  }
  return Number.isNaN(items) || at > bytes.length ? null : at;
}

function portIn(address: AddressInfo | string | null): number {
  if (typeof address === 'object' && address !== null) return address.port;
  throw new Error('This is no TCP port.');
}
