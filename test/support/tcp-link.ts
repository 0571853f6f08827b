import { connect, type Socket } from 'node:net';

export interface Target {
  readonly host: string;
  readonly port: number;
  /** Where the connection is to come from; default: as the system has it. */
  readonly localAddress?: string;
}

/** Milliseconds by which what is sent there, and what comes back, arrives later. */
export interface Delay {
  readonly there?: number;
  readonly back?: number;
}

/** Leads a connection on to where it was meant for. */
export function lead(from: Socket, to: Target, { there = 0, back = 0 }: Delay = {}): void {
  const onward = connect({ ...to, noDelay: true });
  const forward = new LateWriter(onward, there);
  const backward = new LateWriter(from, back);
  from.on('data', (chunk) => forward.write(chunk));
  onward.on('data', (chunk) => backward.write(chunk));
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
