import type { Redis } from '../ports/redis.ts';

/** Node id → how it is used: by one alone, or with slots marked as importing and migrating. */
export type Use = ReadonlyMap<string, 'alone' | 'marks'>;

interface Waiting {
  readonly use: Use;
  readonly begin: () => void;
}

/**
 * Who works on which nodes. The moves of one stage run at the same time and may share a donor or a receiver, while servers that move
 * slots as a whole refuse any job while a slot is marked, and Redis a second job. Valkey's would not, but cancelling one ends all
 * exports of its donor; and a receiver that took over from two donors within 40 ms told the second one late, whose clients waited for
 * 60 to 120 ms instead of 40: it waits for the first one to acknowledge what it was told (TCP), which that one does 40 ms later.
 */
export class Turns {
  readonly #held = new Set<Use>();
  #waiting: readonly Waiting[] = [];

  /**
   * Does the work as soon as it gets in nobody's way. Nobody holds a turn for ever: all work has deadlines of its own.
   * Throws the signal's reason when that is aborted before the work begins, and what the work throws.
   */
  async during<T>(use: Use, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    await this.#turn(use, signal);
    try {
      signal.throwIfAborted();
      return await work();
    } finally {
      this.#held.delete(use);
      this.#admit();
    }
  }

  async #turn(use: Use, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiting: Waiting = { use, begin: resolve };
    const abort = (): void => {
      this.#waiting = this.#waiting.filter((one) => one !== waiting);
      reject(signal.reason);
    };
    signal.addEventListener('abort', abort, { once: true });
    this.#waiting = [...this.#waiting, waiting];
    this.#admit();
    try {
      await promise;
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  /** In the order of coming, and past those that have to go on waiting. */
  #admit(): void {
    this.#waiting = this.#waiting.filter(({ use, begin }) => {
      if ([...this.#held].some((held) => clash(held, use))) return true;
      this.#held.add(use);
      begin();
      return false;
    });
  }
}

function clash(one: Use, other: Use): boolean {
  return [...one].some(([node, how]) => {
    const also = other.get(node);
    return also !== undefined && (also !== how || how === 'alone');
  });
}

const BY_CLIENT = new WeakMap<Redis, Turns>();

/** Those of the servers behind one client: all moves of a run on one cluster share it. */
export function turnsOf(redis: Redis): Turns {
  const known = BY_CLIENT.get(redis);
  if (known !== undefined) return known;
  const turns = new Turns();
  BY_CLIENT.set(redis, turns);
  return turns;
}
