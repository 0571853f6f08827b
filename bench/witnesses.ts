import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { z } from 'zod';
import type { LocalPlatform } from '../test/support/local-platform.ts';

/** What was seen from outside while slots moved. Times in milliseconds. */
export interface Testimony {
  readonly ping: { readonly p50: number; readonly p99: number; readonly max: number; readonly count: number };
  readonly clients: ClientsSaw;
}

const CLIENTS_SAW = z.object({
  writes: z.number(),
  reads: z.number(),
  errors: z.number(),
  wrong: z.number(),
  stale: z.number(),
  slowest: z.number(),
  differences: z.number(),
});

type ClientsSaw = z.infer<typeof CLIENTS_SAW>;

/** A donor that is pinged and a light load, each in a thread of its own, so that neither waits for the work itself. */
export class Witnesses implements AsyncDisposable {
  readonly #ping: Worker;
  readonly #traffic: Worker;

  private constructor(ping: Worker, traffic: Worker) {
    this.#ping = ping;
    this.#traffic = traffic;
  }

  static async call(platform: LocalPlatform, donor: string): Promise<Witnesses> {
    const ports = platform.pods().map((pod) => platform.port(pod.name));
    const traffic = worker('traffic-worker.ts', { ports, prefix: 'load' });
    await once(traffic, 'message');
    const ping = worker('ping-worker.ts', { port: platform.port(donor) });
    await once(ping, 'online');
    return new Witnesses(ping, traffic);
  }

  async hear(): Promise<Testimony> {
    const times = z.array(z.number()).parse(await answerOf(this.#ping));
    const { differences, ...saw } = CLIENTS_SAW.parse(await answerOf(this.#traffic));
    return { ping: summaryOf(times), clients: { ...saw, differences } };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#ping.terminate(), this.#traffic.terminate()]);
  }
}

function worker(file: string, workerData: unknown): Worker {
  return new Worker(new URL(file, import.meta.url), { workerData });
}

async function answerOf(of: Worker): Promise<unknown> {
  const answered = once(of, 'message');
  of.postMessage('stop');
  const [answer] = await answered;
  return answer;
}

function summaryOf(times: readonly number[]): Testimony['ping'] {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { p50: at(0.5), p99: at(0.99), max: sorted.at(-1) ?? 0, count: sorted.length };
}
