import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { LocalPlatform } from '../test/support/local-platform.ts';

/** What was seen from outside while slots moved. Times in milliseconds. */
export interface Testimony {
  readonly ping: { readonly p50: number; readonly p99: number; readonly max: number; readonly count: number };
  readonly clients: ClientsSaw;
}

const WARM_UP = 1_000;

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
    // Last of all: every PING is one of the time in which slots move.
    const ping = await started('ping-process.ts', [platform.port(donor)]);
    return new Witnesses(ping, traffic);
  }

  async hear(): Promise<Testimony> {
    const times = z.array(z.number()).parse(await answerOf(this.#ping));
    const clients = CLIENTS_SAW.parse(await answerOf(this.#traffic));
    return { ping: summaryOf(times), clients };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#ping, this.#traffic].map(ended));
  }
}

async function started(file: string, ports: readonly number[]): Promise<ChildProcess> {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), ports.map(String));
  await nextMessage(child);
  return child;
}

function answerOf(child: ChildProcess): Promise<unknown> {
  const answered = nextMessage(child);
  child.send('stop');
  return answered;
}

function nextMessage(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const endedEarly = (code: number | null): void => reject(new Error(`A witness ended with ${code}.`));
    child.once('error', reject);
    child.once('exit', endedEarly);
    child.once('message', (message) => {
      child.off('exit', endedEarly);
      resolve(message);
    });
  });
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

function summaryOf(times: readonly number[]): Testimony['ping'] {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { p50: at(0.5), p99: at(0.99), max: sorted.at(-1) ?? 0, count: sorted.length };
}
