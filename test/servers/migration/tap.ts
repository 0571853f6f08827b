import type { Command, Connection, Redis } from '../../../src/ports/redis.ts';

/** What was sent to a pod in one pipeline. */
interface Sent {
  readonly pod: string;
  readonly commands: readonly Command[];
}

/** Lets something happen just before a certain MIGRATE is sent, and keeps what is sent from then on. */
export class Tap implements Redis {
  readonly sentAfter: Sent[] = [];
  readonly #redis: Redis;
  readonly #at: number;
  readonly #strike: () => Promise<void>;
  #migrates = 0;
  #struck: Promise<void> | null = null;

  /** @param at which MIGRATE, from 1 on: they all wait until `strike` is done */
  constructor(redis: Redis, at: number, strike: () => Promise<void>) {
    this.#redis = redis;
    this.#at = at;
    this.#strike = strike;
  }

  connection(...args: Parameters<Redis['connection']>): Promise<Connection> {
    return this.#redis.connection(...args);
  }

  async open(...args: Parameters<Redis['open']>): Promise<Connection> {
    const connection = await this.#redis.open(...args);
    return {
      pod: connection.pod,
      send: async (commands, options) => {
        await this.#before({ pod: connection.pod, commands });
        return connection.send(commands, options);
      },
      [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose](),
    };
  }

  async #before(sent: Sent): Promise<void> {
    if (this.#struck !== null) this.sentAfter.push(sent);
    if (!sent.commands.some(([name]) => name === 'MIGRATE')) return;
    this.#migrates += 1;
    if (this.#migrates === this.#at) this.#struck = this.#strike();
    await this.#struck;
  }
}
