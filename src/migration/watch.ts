import type { Pod } from '../core/cluster.ts';
import { asFailure } from '../core/failure.ts';
import type { StepContext } from '../ports/context.ts';
import type { Connection } from '../ports/redis.ts';
import { ask, STEADY } from '../servers/ask.ts';
import { afterPing, initialPace, type PaceState } from './pace.ts';

/** Milliseconds between an answer and the next PING. */
const EVERY = 5;
/** PINGs that tell how long the way takes before anything moves; their median counts. */
const AT_REST = 9;
/** How often a lost connection is opened anew, a second after it was lost. */
const REOPENINGS = 60;

export type Watching = Pick<StepContext, 'clock' | 'redis' | 'tell' | 'topology'>;

interface Asked {
  readonly at: number;
  /** How late this program had been until then. */
  readonly late: number;
}

/** How a server answers PING on a connection of its own, until disposed. */
export class Watch implements AsyncDisposable {
  readonly pod: Pod;
  /** Milliseconds that PING takes before anything moves: the way there and back, and what the clients' own load does. */
  readonly base: number;
  readonly #context: Watching;
  readonly #late: () => number;
  readonly #closing = new AbortController();
  readonly #watching: Promise<void>;
  readonly #listeners = new Set<() => void>();
  #state: PaceState;
  /** The PING that is not answered yet; while the connection is lost it is that on which it was. */
  #asked: Asked | null = null;
  #heardAt: number;
  #excess = 0;

  private constructor(pod: Pod, base: number, connection: Connection, late: () => number, context: Watching) {
    this.pod = pod;
    this.base = base;
    this.#context = context;
    this.#late = late;
    this.#state = initialPace(context.topology.migration.maxLatency, base);
    this.#heardAt = context.clock.now();
    this.#watching = this.#watch(connection);
  }

  /** @param late milliseconds by which this program's timers were late until now, all together */
  static async begin(pod: Pod, late: () => number, context: Watching): Promise<Watch> {
    await using opened = new AsyncDisposableStack();
    const connection = opened.use(await context.redis.open(pod, { signal: STEADY }));
    const base = await atRest(connection, context);
    opened.move();
    return new Watch(pod, base, connection, late, context);
  }

  get state(): PaceState {
    return this.#state;
  }

  /** Milliseconds that the last PING took longer than `base`, or has taken until now. */
  get excess(): number {
    return this.#excess;
  }

  /** Calls back whenever something was heard, or has not been heard for too long. Returns how to end that. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * What is not answered counts as late again and again meanwhile: the slower a server the fewer answers would tell of it.
   */
  look(now: number): void {
    const { maxLatency } = this.#state;
    if (this.#asked === null || now - Math.max(this.#heardAt, this.#asked.at) <= maxLatency) return;
    const excess = this.#beyond(this.#asked, now);
    if (excess > maxLatency) this.#heard(excess, now);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.#watching;
  }

  /** While a connection is lost nothing is seen of that server: the work goes on slower and slower. */
  async #watch(first: Connection): Promise<void> {
    const { signal } = this.#closing;
    let failure = await this.#ping(first);
    for (let times = 1; !signal.aborted && times <= REOPENINGS; times += 1) failure = await this.#reopen();
    if (signal.aborted) return;
    const seen = asFailure(failure).message;
    const text = `How fast ${this.pod.name} answers is no longer known, so the move goes on slowly: ${seen}`;
    this.#context.tell({ kind: 'note', text });
  }

  async #reopen(): Promise<unknown> {
    const { clock, redis } = this.#context;
    const { signal } = this.#closing;
    try {
      await clock.sleep(1_000, { signal });
      return await this.#ping(await redis.open(this.pod, { signal }));
    } catch (thrown) {
      return thrown;
    }
  }

  /** Returns what ended it: the closing, or the loss of the connection. */
  async #ping(connection: Connection): Promise<unknown> {
    const { clock } = this.#context;
    const { signal } = this.#closing;
    try {
      for (;;) {
        await clock.sleep(EVERY, { signal });
        const asked = { at: clock.now(), late: this.#late() };
        this.#asked ??= asked;
        await ask(connection, ['PING'], { signal, timeout: 60_000 });
        this.#asked = null;
        const answered = clock.now();
        // Timers that are due by now fire first, so that it is known how late this program was to read the answer.
        await clock.sleep(1, { signal });
        this.#heard(this.#beyond(asked, answered), clock.now());
      }
    } catch (thrown) {
      return thrown;
    } finally {
      await connection[Symbol.asyncDispose]();
    }
  }

  #beyond(asked: Asked, now: number): number {
    return now - asked.at - (this.#late() - asked.late) - this.base;
  }

  #heard(excess: number, now: number): void {
    this.#state = afterPing(this.#state, excess, now - this.#heardAt);
    this.#heardAt = now;
    this.#excess = excess;
    for (const listener of this.#listeners) listener();
  }
}

async function atRest(connection: Connection, { clock }: Watching): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < AT_REST; i += 1) {
    const sent = clock.now();
    await ask(connection, ['PING'], { signal: STEADY });
    times.push(clock.now() - sent);
  }
  return times.toSorted((a, b) => a - b)[AT_REST >> 1] ?? 0;
}
