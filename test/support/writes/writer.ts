import { setTimeout as sleep } from 'node:timers/promises';
import { type Cluster, Command } from 'ioredis';
import type { Answer, Connection } from '../../../src/ports/redis.ts';
import { Chance } from '../chance.ts';
import { type ClusterSeeds, clusterClient } from '../cluster-client.ts';
import type { Keys, Kinds, Words, Write } from './write.ts';

export interface WriterOptions {
  readonly model: Connection;
  readonly seed: number;
  readonly tags: readonly string[];
  readonly kinds: Kinds;
  readonly name: string;
  readonly dumped: Buffer;
}

const STEADY = new AbortController().signal;

/** What a server says that has carried nothing out, and the client, when it has been told so too often. */
const LATER = /^(TRYAGAIN|EXECABORT|CLUSTERDOWN|ASK|MOVED)/;
const GIVEN_UP = /^Too many Cluster redirections. Last error: (ReplyError: )?/;
const PATIENCE = 60_000;

/** One client, and another one that waits for what the first pushes. */
export class Writer {
  readonly faults: string[] = [];
  readonly written = new Set<string>();
  writes = 0;
  readonly #client: Cluster;
  readonly #waiting: Cluster;
  readonly #chance: Chance;
  readonly #options: WriterOptions;
  readonly #compared: Promise<void>[] = [];
  #id = 0;

  constructor(cluster: ClusterSeeds, options: WriterOptions) {
    this.#client = clusterClient(cluster);
    this.#waiting = clusterClient(cluster);
    this.#chance = new Chance(options.seed);
    this.#options = options;
    for (const client of [this.#client, this.#waiting])
      client.on('error', (error: Error) => this.faults.push(`a client reports: ${error.message}`));
  }

  async connect(): Promise<void> {
    await Promise.all([this.#client.connect(), this.#waiting.connect()]);
  }

  async work(signal: AbortSignal): Promise<void> {
    const names = Object.keys(this.#options.kinds);
    while (!signal.aborted) {
      const name = this.#chance.of(names);
      const made = this.#options.kinds[name]?.(this.#keys());
      if (made !== undefined) await this.#once(name, made);
      this.written.add(name);
      this.writes += 1;
      await sleep(1);
    }
    await Promise.all(this.#compared);
    this.#client.disconnect();
    this.#waiting.disconnect();
  }

  #keys(): Keys {
    const { tags, name, dumped } = this.#options;
    const chance = this.#chance;
    const tag = chance.of(tags);
    const nextId = (): number => {
      this.#id += 1;
      return this.#id;
    };
    const key = (kind: string): string => `write:{${tag}}:${name}:${kind}:${chance.between(0, 1)}`;
    return { chance, key, nextId, lastId: () => this.#id, dumped };
  }

  async #once(name: string, { words, waits, copied }: Write): Promise<void> {
    const waited = waits === undefined ? null : this.#sent(this.#waiting, waits);
    if (waited !== null) await sleep(this.#chance.between(0, 20));
    const answers = await this.#answers(words);
    if (waited !== null) answers.push(await waited);
    const same = waits === undefined ? words : [...words, waits];
    const done = copied === undefined ? same : copied(answers[0]);
    if (done.length === 0) return;
    // Sent at once, so that the model has all in the same order; its answer need not be waited for.
    const told = this.#options.model.send(done, { signal: STEADY, timeout: PATIENCE });
    const compare = async (): Promise<void> => {
      const [found, wanted] = [short(answers), short((await told).map(inWords))];
      if (copied === undefined && found !== wanted)
        this.faults.push(`${name}: ${short(same)} gave ${found} instead of ${wanted}`);
    };
    this.#compared.push(compare());
  }

  async #answers(words: readonly Words[]): Promise<unknown[]> {
    const [first] = words;
    if (first !== undefined && words.length === 1) return [await this.#sent(this.#client, first)];
    const answer = await this.#again('MULTI', async () => {
      const multi = this.#client.multi();
      for (const [name, ...args] of words) multi.call(name, ...args);
      return (await multi.exec()) ?? [];
    });
    if (typeof answer === 'string') return [answer];
    return answer.map(([error, value]) => (error === null ? value : `error ${error.message}`));
  }

  #sent(client: Cluster, [name, ...args]: Words): Promise<unknown> {
    const command = () => new Command(name, [...args], { replyEncoding: null });
    return this.#again(name, async () => await client.sendCommand(command()));
  }

  /** Again where nothing was carried out. An error of the server's is an answer; no answer leaves the key unknown. */
  async #again<T>(what: string, work: () => Promise<T>): Promise<T | string> {
    for (const deadline = Date.now() + PATIENCE; ; await sleep(20)) {
      try {
        return await work();
      } catch (thrown) {
        const { name, message } = thrown instanceof Error ? thrown : { name: '', message: String(thrown) };
        const error = message.replace(GIVEN_UP, '');
        if (LATER.test(error) && Date.now() < deadline) continue;
        if (name !== 'ReplyError' && error === message) this.faults.push(`${what} failed: ${error}`);
        return `error ${error}`;
      }
    }
  }
}

function inWords(answer: Answer): unknown {
  return answer.ok ? answer.value : `error ${answer.error}`;
}

/** What large values differ in would be seen at the end. */
function short(value: unknown): string {
  const whole = JSON.stringify(plain(value)) ?? 'nothing';
  return whole.length > 400 ? `${whole.slice(0, 400)}… (${whole.length})` : whole;
}

function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  return Buffer.isBuffer(value) ? value.toString('latin1') : value;
}
