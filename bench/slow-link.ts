import type { ChildProcess } from 'node:child_process';
import { BUS, freePort } from '../test/support/local-server.ts';
import { ended, started } from './child.ts';

/** Puts a delay in front of every server, for servers and clients alike. */
export class SlowLink implements AsyncDisposable {
  readonly #delay: number;
  readonly #processes: ChildProcess[] = [];

  /** @param delay milliseconds that every round trip takes longer */
  constructor(delay: number) {
    this.#delay = delay;
  }

  /** The port by which others are to know the server on `port`. */
  async inFrontOf(port: number): Promise<number> {
    const known = await freePort();
    this.#processes.push(await started('delay-process.ts', [known, port, this.#delay, BUS]));
    return known;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#processes.map(ended));
  }
}
