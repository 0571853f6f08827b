import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import process from 'node:process';

/**
 * Stands in front of one server and its bus: what goes to the server arrives some milliseconds later, what comes back arrives
 * at once, so that every round trip takes that much longer: `delay-process.ts <port> <server's port> <milliseconds> <bus>`,
 * the bus that far above each port. Tells its parent when it listens.
 */
const [port = 0, target = 0, delay = 0, bus = 0] = process.argv.slice(2).map(Number);

process.once('disconnect', () => process.exit(0));
for (const above of [0, bus]) {
  const server = createServer({ noDelay: true }, (socket) => lead(socket, target + above));
  server.listen(port + above, '127.0.0.1');
  await once(server, 'listening');
}
process.send?.('started');

function lead(from: Socket, to: number): void {
  const onward = connect({ host: '127.0.0.1', port: to, noDelay: true });
  const late = new LateWriter(onward);
  from.on('data', (chunk) => late.write(chunk));
  onward.on('data', (chunk) => from.write(chunk));
  for (const [one, other] of [
    [from, onward],
    [onward, from],
  ] as const) {
    one.once('close', () => other.destroy());
    // A server that is not there yet or no more: both ends see their connection closed, as without this in between.
    one.once('error', () => one.destroy());
  }
}

/** Writes what it is given in the same order, each piece `delay` later. */
class LateWriter {
  readonly #socket: Socket;
  readonly #waiting: { readonly due: number; readonly chunk: Buffer }[] = [];

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  write(chunk: Buffer): void {
    this.#waiting.push({ due: performance.now() + delay, chunk });
    if (this.#waiting.length === 1) setTimeout(() => this.#flush(), delay);
  }

  /** Timers count whole milliseconds: the last part of one is waited for by asking the clock. */
  #flush(): void {
    for (let [next] = this.#waiting; next !== undefined && next.due <= performance.now(); [next] = this.#waiting) {
      this.#waiting.shift();
      if (!this.#socket.destroyed) this.#socket.write(next.chunk);
    }
    const [next] = this.#waiting;
    if (next === undefined) return;
    const left = next.due - performance.now();
    if (left > 1) setTimeout(() => this.#flush(), Math.floor(left));
    else setImmediate(() => this.#flush());
  }
}
