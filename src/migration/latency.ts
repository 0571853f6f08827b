import type { Pod } from '../core/cluster.ts';
import { asFailure } from '../core/failure.ts';
import { allEnded } from '../core/in-parallel.ts';
import { ask, STEADY } from '../ports/ask.ts';
import type { StepContext } from '../ports/context.ts';
import type { Connection } from '../ports/redis.ts';
import { afterPing, initialPace, type Pace, type PaceState, type Stride, slowestOf, strideOf } from './pace.ts';
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

/** One of the two servers, and what is known of how it answers. */
interface Watched {
  readonly pod: Pod;
  /** Milliseconds that PING takes while nothing moves: the way there and back, and what the clients' own load does. */
  readonly base: number;
  state: PaceState;
  /** When the PING was sent that is not answered yet; while the connection is lost it is that on which it was. */
  asked: Asked | null;
  heardAt: number;
  /** Milliseconds that the last PING took longer than `base`, or has taken until now. */
  excess: number;
}

interface Asked {
  readonly at: number;
  /** How late this program had been until then. */
  readonly late: number;
}

/** A pace that follows the latency of donor and receiver, each asked PING on a connection of its own, until disposed. */
export async function followLatency(pair: Pair, context: Context): Promise<Pace & AsyncDisposable> {
  await using opened = new AsyncDisposableStack();
  const open = async ({ pod }: { readonly pod: Pod }) => ({
    pod,
    connection: opened.use(await pair.open(pod, { signal: STEADY })),
  });
  const [donor, receiver] = await allEnded([open(pair.donor), open(pair.receiver)]);
  const [fromDonor, fromReceiver] = await allEnded([
    atRest(donor.connection, context),
    atRest(receiver.connection, context),
  ]);
  opened.move();
  return new LatencyPace(
    pair,
    [
      { ...donor, base: fromDonor },
      { ...receiver, base: fromReceiver },
    ],
    context,
  );
}

async function atRest(connection: Connection, { clock }: Context): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < AT_REST; i += 1) {
    const sent = clock.now();
    await ask(connection, ['PING'], { signal: STEADY });
    times.push(clock.now() - sent);
  }
  return times.toSorted((a, b) => a - b)[AT_REST >> 1] ?? 0;
}

class LatencyPace implements Pace, AsyncDisposable {
  readonly #pair: Pair;
  readonly #context: Context;
  readonly #closing = new AbortController();
  readonly #servers: readonly Watched[];
  readonly #watching: Promise<unknown>;
  /** Milliseconds by which timers of this program were late, all together. */
  #late = 0;
  #isToldSlow = false;
  #toldAt = Number.NEGATIVE_INFINITY;

  constructor(
    pair: Pair,
    opened: readonly { readonly pod: Pod; readonly connection: Connection; readonly base: number }[],
    context: Context,
  ) {
    this.#pair = pair;
    this.#context = context;
    const state = initialPace(context.topology.migration.maxLatency, Math.max(...opened.map(({ base }) => base)));
    const heardAt = context.clock.now();
    const watched = opened.map(({ connection, ...rest }) => {
      return { connection, server: { ...rest, state, asked: null, heardAt, excess: 0 } };
    });
    this.#servers = watched.map(({ server }) => server);
    this.#watching = Promise.all([...watched.map((one) => this.#watch(one.server, one.connection)), this.#beat()]);
  }

  /** As the slower of the two bears it: a receiver that is idle says nothing of a donor that is not. */
  stride(): Stride {
    return strideOf(slowestOf(this.#servers.map(({ state }) => state)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.#watching;
  }

  /**
   * A program that gets no processor reads answers late: that is not the servers' fault and is taken off. What is not answered
   * counts as late again and again meanwhile: the slower a server the fewer answers would tell of it.
   */
  async #beat(): Promise<void> {
    const { clock } = this.#context;
    const { signal } = this.#closing;
    while (!signal.aborted) {
      const begun = clock.now();
      await clock.sleep(BEAT, { signal: STEADY });
      const now = clock.now();
      // Timers are whole milliseconds: one more or less says nothing.
      this.#late += Math.max(0, now - begun - BEAT - 1);
      for (const server of this.#servers) {
        const { asked, heardAt, state } = server;
        if (asked === null || now - Math.max(heardAt, asked.at) <= state.maxLatency) continue;
        const excess = this.#excess(server, asked, now);
        if (excess > state.maxLatency) this.#heard(server, excess, now);
      }
    }
  }

  /** While a connection is lost nothing is seen of that server: the work goes on slower and slower. */
  async #watch(server: Watched, first: Connection): Promise<void> {
    const { signal } = this.#closing;
    let failure = await this.#ping(server, first);
    for (let times = 1; !signal.aborted && times <= REOPENINGS; times += 1) failure = await this.#reopen(server);
    if (signal.aborted) return;
    const seen = asFailure(failure).message;
    const text = `How fast ${server.pod.name} answers is no longer known, so the move goes on slowly: ${seen}`;
    this.#context.tell({ kind: 'note', text });
  }

  async #reopen(server: Watched): Promise<unknown> {
    const { signal } = this.#closing;
    try {
      await this.#context.clock.sleep(1_000, { signal });
      return await this.#ping(server, await this.#pair.open(server.pod, { signal }));
    } catch (thrown) {
      return thrown;
    }
  }

  /** Returns what ended it: the closing, or the loss of the connection. */
  async #ping(server: Watched, connection: Connection): Promise<unknown> {
    const { clock } = this.#context;
    const { signal } = this.#closing;
    try {
      for (;;) {
        await clock.sleep(EVERY, { signal });
        const asked = { at: clock.now(), late: this.#late };
        server.asked ??= asked;
        await ask(connection, ['PING'], { signal, timeout: 60_000 });
        server.asked = null;
        const answered = clock.now();
        // Timers that are due by now fire first, so that it is known how late this program was to read the answer.
        await clock.sleep(1, { signal });
        this.#heard(server, this.#excess(server, asked, answered), clock.now());
      }
    } catch (thrown) {
      return thrown;
    } finally {
      await connection[Symbol.asyncDispose]();
    }
  }

  #excess({ base }: Watched, asked: Asked, now: number): number {
    return now - asked.at - (this.#late - asked.late) - base;
  }

  #heard(server: Watched, excess: number, now: number): void {
    server.state = afterPing(server.state, excess, now - server.heardAt);
    server.heardAt = now;
    server.excess = excess;
    this.#tell(server, now);
  }

  #tell({ pod, state, base, excess }: Watched, now: number): void {
    const slowest = slowestOf(this.#servers.map((server) => server.state));
    const isSlow = slowest.speed < (this.#isToldSlow ? 1 : 1 / 4);
    // It is told of the one that is to blame.
    if (isSlow && state !== slowest) return;
    if (isSlow === this.#isToldSlow || now - this.#toldAt < TELL_EVERY) return;
    this.#isToldSlow = isSlow;
    this.#toldAt = now;
    this.#context.tell(
      isSlow
        ? {
            kind: 'slowed',
            pod: pod.name,
            latency: Math.round(base + excess),
            atRest: Math.round(base),
            limit: state.maxLatency,
            speed: state.speed,
          }
        : { kind: 'note', text: `Back to full speed: ${pod.name} answers PING as fast as before.` },
    );
  }
}
