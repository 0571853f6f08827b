import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { LocalPlatform } from '../test/support/local-platform.ts';
import { answerOf, ended, started } from './child.ts';

const WARM_UP = 1_000;

/** What clients of `traffic-process.ts` say in the end. */
export const CLIENTS_SAW = z.object({
  writes: z.number(),
  reads: z.number(),
  errors: z.number(),
  wrong: z.number(),
  stale: z.number(),
  late: z.number().default(0),
  slowest: z.number(),
  differences: z.number(),
  examples: z.array(z.string()).default([]),
});

/** What was seen from outside while slots moved. Times in milliseconds. */
export const TESTIMONY = z.object({
  ping: z.object({ p50: z.number(), p99: z.number(), max: z.number(), count: z.number() }),
  clients: CLIENTS_SAW,
});
export type Testimony = z.infer<typeof TESTIMONY>;

/** A donor that is pinged and a light load, each in a process of its own, so that neither waits for the work itself. */
export class Witnesses implements AsyncDisposable {
  readonly #ping: ChildProcess;
  readonly #traffic: ChildProcess;

  private constructor(ping: ChildProcess, traffic: ChildProcess) {
    this.#ping = ping;
    this.#traffic = traffic;
  }

  static async call(platform: LocalPlatform, donor: string): Promise<Witnesses> {
    const ports = platform.pods().map((pod) => platform.port(pod.name));
    const traffic = await started('traffic-process.ts', ports);
    await sleep(WARM_UP);
    await answerOf(traffic, 'begin');
    // Last of all, so that every PING is one of the time in which slots move; without a delay that is put between processes.
    const ping = await started('ping-process.ts', [platform.serverPort(donor)]);
    return new Witnesses(ping, traffic);
  }

  async hear(): Promise<Testimony> {
    const times = z.array(z.number()).parse(await answerOf(this.#ping, 'end'));
    const clients = CLIENTS_SAW.parse(await answerOf(this.#traffic, 'end'));
    return { ping: summaryOf(times), clients };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#ping, this.#traffic].map(ended));
  }
}

function summaryOf(times: readonly number[]): Testimony['ping'] {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { p50: at(0.5), p99: at(0.99), max: sorted.at(-1) ?? 0, count: sorted.length };
}
