import type { Pod } from '../core/cluster.ts';
import { asFailure } from '../core/failure.ts';
import { ask, STEADY } from '../ports/ask.ts';
import type { StepContext } from '../ports/context.ts';
import type { Connection } from '../ports/redis.ts';
import { afterPing, initialPace, type Pace, type PaceState, type Stride, strideOf } from './pace.ts';
import type { Pair } from './pair.ts';

/** Milliseconds between an answer and the next PING. */
const EVERY = 5;
/** Milliseconds of the timer that shows how late this program itself is. */
const BEAT = 2;
/** PINGs that tell how long the way takes while nothing moves; their median counts. */
const AT_REST = 15;
/** Milliseconds between two lines of the log about the pace. */
const TELL_EVERY = 5_000;
/** How often a lost connection is opened anew, a second after it was lost. */
const REOPENINGS = 60;

type Context = Pick<StepContext, 'clock' | 'tell' | 'topology'>;

interface Watched {
  readonly pod: Pod;
  readonly connection: Connection;
  /** Milliseconds that PING takes while nothing moves: the way there and back, and what the clients' own load does. */
  readonly base: number;
}

/** A pace that follows the latency of donor and receiver, each asked PING on a connection of its own, until disposed. */
export async function followLatency(pair: Pair, context: Context): Promise<Pace & AsyncDisposable> {
  const watched = await Promise.all([pair.donor, pair.receiver].map(({ pod }) => atRest(pair, pod, context)));
  return new LatencyPace(pair, watched, context);
}

async function atRest(pair: Pair, pod: Pod, { clock }: Context): Promise<Watched> {
  const connection = await pair.open(pod, { signal: STEADY });
  const times: number[] = [];
  for (let i = 0; i < AT_REST; i += 1) {
    const sent = clock.now();
    await ask(connection, ['PING'], { signal: STEADY });
    times.push(clock.now() - sent);
  }
  return { pod, connection, base: times.toSorted((a, b) => a - b)[AT_REST >> 1] ?? 0 };
}

class LatencyPace implements Pace, AsyncDisposable {
  readonly #pair: Pair;
  readonly #context: Context;
  readonly #closing = new AbortController();
  readonly #watching: Promise<unknown>;
  #state: PaceState;
  /** Milliseconds by which timers of this program were late, all together. */
  #late = 0;
  #isToldSlow = false;
  #toldAt = Number.NEGATIVE_INFINITY;

  constructor(pair: Pair, watched: readonly Watched[], context: Context) {
    this.#pair = pair;
    this.#context = context;
    const roundTrip = Math.max(...watched.map(({ base }) => base));
    this.#state = initialPace(context.topology.migration.maxLatency, roundTrip);
    this.#watching = Promise.all([...watched.map((one) => this.#watch(one)), this.#beat()]);
  }

  stride(): Stride {
    return strideOf(this.#state);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.#watching;
  }

  /** A program that gets no processor reads answers late: that is not the servers' fault and is taken off. */
  async #beat(): Promise<void> {
    const { clock } = this.#context;
    const { signal } = this.#closing;
    while (!signal.aborted) {
      const begun = clock.now();
      await clock.sleep(BEAT, { signal: STEADY });
      // Timers are whole milliseconds: one more or less says nothing.
      this.#late += Math.max(0, clock.now() - begun - BEAT - 1);
    }
  }

  /** While a connection is lost nothing is seen of that server: the work goes on slower and slower. */
  async #watch({ pod, connection, base }: Watched): Promise<void> {
    const { signal } = this.#closing;
    let failure = await this.#ping(connection, base);
    for (let times = 1; !signal.aborted && times <= REOPENINGS; times += 1) {
      this.#heard(pod.name, this.#state.maxLatency, base);
      failure = await this.#reopen(pod, base);
    }
    if (signal.aborted) return;
    const seen = asFailure(failure).message;
    this.#context.tell({ kind: 'note', text: `How fast ${pod.name} answers is no longer known: ${seen}` });
  }

  async #reopen(pod: Pod, base: number): Promise<unknown> {
    const { signal } = this.#closing;
    try {
      await this.#context.clock.sleep(1_000, { signal });
      return await this.#ping(await this.#pair.open(pod, { signal }), base);
    } catch (thrown) {
      return thrown;
    }
  }

  /** Returns what ended it: the closing, or the loss of the connection. */
  async #ping(connection: Connection, base: number): Promise<unknown> {
    const { clock } = this.#context;
    const { signal } = this.#closing;
    try {
      for (;;) {
        await clock.sleep(EVERY, { signal });
        const [sent, late] = [clock.now(), this.#late];
        await ask(connection, ['PING'], { signal, timeout: 60_000 });
        const took = clock.now() - sent;
        // Timers that are due by now fire first, so that it is known how late this program was to read the answer.
        await clock.sleep(1, { signal });
        this.#heard(connection.pod, took - (this.#late - late) - base, base);
      }
    } catch (thrown) {
      return thrown;
    } finally {
      await connection[Symbol.asyncDispose]();
    }
  }

  #heard(pod: string, excess: number, base: number): void {
    this.#state = afterPing(this.#state, excess);
    const { speed, maxLatency } = this.#state;
    const isSlow = speed < (this.#isToldSlow ? 1 : 1 / 4);
    const now = this.#context.clock.now();
    if (isSlow === this.#isToldSlow || now - this.#toldAt < TELL_EVERY) return;
    this.#isToldSlow = isSlow;
    this.#toldAt = now;
    this.#context.tell(
      isSlow
        ? {
            kind: 'slowed',
            pod,
            latency: Math.round(base + excess),
            atRest: Math.round(base),
            limit: maxLatency,
            speed,
          }
        : { kind: 'note', text: `Back to full speed: ${pod} answers PING as fast as before.` },
    );
  }
}
