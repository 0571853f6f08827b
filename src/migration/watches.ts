import type { Pod } from '../core/cluster.ts';
import type { Clock } from '../ports/clock.ts';
import type { Redis } from '../ports/redis.ts';
import { STEADY } from '../servers/ask.ts';
import { Watch, type Watching } from './watch.ts';

/** Milliseconds of the timer that shows how late this program itself is. */
const BEAT = 2;

/** The watches on a cluster's servers: several moves that share a server share what is seen of it. */
const watches = new WeakMap<Redis, Watches>();

/**
 * The watch on a pod's server, begun by the first move that asks for it, so that how it answers at rest is seen before anything
 * moves, and ended by the last that disposes of it.
 * Throws `redis-unreachable` or `redis-auth`.
 */
export async function watch(pod: Pod, context: Watching): Promise<{ readonly watch: Watch } & AsyncDisposable> {
  const known = watches.get(context.redis) ?? new Watches(context.clock);
  watches.set(context.redis, known);
  return known.join(pod, context);
}

interface Shared {
  readonly beginning: Promise<Watch>;
  users: number;
}

class Watches {
  readonly #clock: Clock;
  /** By the pod as it is now: one that was replaced is another server. */
  readonly #shared = new Map<string, Shared>();
  readonly #begun = new Set<Watch>();
  #beating: Promise<void> = Promise.resolve();
  #beats = 0;
  #late = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async join(pod: Pod, context: Watching): Promise<{ readonly watch: Watch } & AsyncDisposable> {
    const name = `${pod.name} ${pod.uid ?? ''} ${pod.ip ?? ''}`;
    const shared = this.#shared.get(name) ?? { beginning: this.#begin(pod, context), users: 0 };
    this.#shared.set(name, shared);
    shared.users += 1;
    try {
      const begun = await shared.beginning;
      return { watch: begun, [Symbol.asyncDispose]: () => this.#leave(name, shared) };
    } catch (thrown) {
      if (this.#shared.get(name) === shared) this.#shared.delete(name);
      throw thrown;
    }
  }

  async #begin(pod: Pod, context: Watching): Promise<Watch> {
    const begun = await Watch.begin(pod, () => this.#late, context);
    this.#begun.add(begun);
    if (this.#begun.size === 1) this.#beating = this.#beat();
    return begun;
  }

  async #leave(name: string, shared: Shared): Promise<void> {
    shared.users -= 1;
    if (shared.users > 0) return;
    if (this.#shared.get(name) === shared) this.#shared.delete(name);
    const begun = await shared.beginning;
    this.#begun.delete(begun);
    await begun[Symbol.asyncDispose]();
    if (this.#begun.size === 0) await this.#beating;
  }

  /** A program that gets no processor reads answers late: that is not the servers' fault and is taken off. */
  async #beat(): Promise<void> {
    this.#beats += 1;
    const mine = this.#beats;
    for (;;) {
      const begun = this.#clock.now();
      await this.#clock.sleep(BEAT, { signal: STEADY });
      // A watch that began right after the last one had ended has brought a beat of its own.
      if (this.#begun.size === 0 || this.#beats !== mine) return;
      const now = this.#clock.now();
      // Timers are whole milliseconds: one more or less says nothing.
      this.#late += Math.max(0, now - begun - BEAT - 1);
      for (const one of this.#begun) one.look(now);
    }
  }
}
