import { connect, type Socket } from 'node:net';

export interface Target {
  readonly host: string;
  readonly port: number;
}

/** Leads a connection on to where it was meant for: what is sent there arrives `delay` milliseconds later, what comes back at once. */
export function lead(from: Socket, to: Target, delay = 0): void {
  const onward = connect({ ...to, noDelay: true });
  const writer = new LateWriter(onward, delay);
  from.on('data', (chunk) => writer.write(chunk));
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

/** Writes what it is given in the same order, each piece `delay` milliseconds later. */
class LateWriter {
  readonly #socket: Socket;
  readonly #delay: number;
  readonly #waiting: { readonly due: number; readonly chunk: Buffer }[] = [];

  constructor(socket: Socket, delay: number) {
    this.#socket = socket;
    this.#delay = delay;
  }

  write(chunk: Buffer): void {
    if (this.#delay === 0) {
      this.#socket.write(chunk);
      return;
    }
    this.#waiting.push({ due: performance.now() + this.#delay, chunk });
    if (this.#waiting.length === 1) setTimeout(() => this.#flush(), this.#delay);
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
