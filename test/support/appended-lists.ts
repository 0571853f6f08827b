import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Cluster } from 'ioredis';
import { array } from '../../src/core/replies.ts';
import { Chance } from './chance.ts';
import { type ClusterSeeds, clusterClient, slotOf } from './cluster-client.ts';
import type { Servers } from './dataset.ts';

/** Lists that grow under known writers. Every list has one writer, so what a read of its has to give is known exactly. */
export interface AppendedLists extends AsyncDisposable {
  /** Ends the writers. Returns the number of commands, and in words what no order of them explains. */
  stop(): Promise<{ readonly commands: number; readonly faults: readonly string[] }>;
  /** Compares every list element by element on all pods that hold its slot; what differs, in words. Call after `stop`. */
  differences(servers: Servers): Promise<readonly string[]>;
}

/** A list that has this many elements is deleted and begun anew: what is deleted must not come back. */
const LONGEST = 60;

/** As many writers at once, each with lists of its own over all slots. */
export async function startAppending(
  cluster: ClusterSeeds,
  { writers = 3, lists = 120, pause = 1 }: { writers?: number; lists?: number; pause?: number } = {},
): Promise<AppendedLists> {
  const stopping = new AbortController();
  const team = await Promise.all(Array.from({ length: writers }, (_, n) => Writer.connected(cluster, n, lists)));
  const work = team.map((writer) => writer.work(stopping.signal, pause));
  const stop = async () => {
    stopping.abort();
    await Promise.all(work);
    const commands = team.reduce((sum, writer) => sum + writer.commands, 0);
    return { commands, faults: team.flatMap(({ faults }) => faults) };
  };
  const wanted = () => new Map(team.flatMap(({ lists: own }) => [...own]));
  return {
    stop,
    differences: (servers) => differencesOn(servers, wanted()),
    [Symbol.asyncDispose]: async () => {
      await stop();
    },
  };
}

class Writer {
  readonly lists: Map<string, string[]>;
  readonly faults: string[] = [];
  commands = 0;
  readonly #client: Cluster;
  readonly #chance: Chance;
  readonly #name: string;

  private constructor(client: Cluster, number: number, lists: number) {
    this.#client = client;
    this.#chance = new Chance(number);
    this.#name = `w${number}`;
    this.lists = new Map(Array.from({ length: lists }, (_, i) => [`appended:${this.#name}:${i}`, []]));
  }

  static async connected(cluster: ClusterSeeds, number: number, lists: number): Promise<Writer> {
    const client = clusterClient(cluster);
    const writer = new Writer(client, number, lists);
    client.on('error', (error: Error) => writer.faults.push(`a client reports: ${error.message}`));
    await client.connect();
    return writer;
  }

  async work(signal: AbortSignal, pause: number): Promise<void> {
    const keys = [...this.lists.keys()];
    while (!signal.aborted) {
      await this.#oneCommand(this.#chance.of(keys));
      this.commands += 1;
      await sleep(pause);
    }
    this.#client.disconnect();
  }

  async #oneCommand(key: string): Promise<void> {
    const list = this.lists.get(key) ?? [];
    try {
      if (list.length >= LONGEST) await this.#delete(key);
      else if (this.#chance.next() < 0.6) await this.#append(key, list);
      else this.#expect(key, 'holds', await this.#client.lrange(key, 0, -1), list);
    } catch (thrown) {
      this.faults.push(`${key}: ${String(thrown)}`);
    }
  }

  async #append(key: string, list: string[]): Promise<void> {
    const element = `${this.#name}-${this.commands}`;
    const length = await this.#client.rpush(key, element);
    list.push(element);
    this.#expect(key, 'has as its length', length, list.length);
  }

  async #delete(key: string): Promise<void> {
    const deleted = await this.#client.del(key);
    this.lists.set(key, []);
    this.#expect(key, 'was deleted as often as', deleted, 1);
  }

  #expect(key: string, words: string, seen: unknown, wanted: unknown): void {
    if (isDeepStrictEqual(seen, wanted)) return;
    this.faults.push(`${key} ${words} ${JSON.stringify(seen)} instead of ${JSON.stringify(wanted)}`);
  }
}

async function differencesOn(
  { pods, redis }: Servers,
  wanted: ReadonlyMap<string, readonly string[]>,
): Promise<readonly string[]> {
  const signal = AbortSignal.timeout(30_000);
  const found: string[] = [];
  const holders = new Map([...wanted.keys()].map((key) => [key, 0]));
  for (const pod of pods) {
    await using connection = await redis.open(pod, { signal });
    await connection.send([['READONLY']], { signal });
    const keys = [...wanted.keys()];
    const answers = await connection.send(
      keys.map((key) => ['LRANGE', key, 0, -1]),
      { signal },
    );
    for (const [i, key] of keys.entries()) {
      const answer = answers[i] ?? { ok: false, error: 'no answer' };
      if (!answer.ok) {
        if (!answer.error.startsWith('MOVED')) found.push(`${pod.name} answers ${key} with: ${answer.error}`);
        continue;
      }
      holders.set(key, (holders.get(key) ?? 0) + 1);
      const seen = array(answer.value, 'LRANGE').map(String);
      const list = wanted.get(key) ?? [];
      if (!isDeepStrictEqual(seen, list)) {
        found.push(`${key} (slot ${slotOf(key)}) on ${pod.name} is ${seen.join()} instead of ${list.join()}`);
      }
    }
  }
  const most = Math.max(...holders.values());
  for (const [key, times] of holders) if (times !== most) found.push(`${key} is on ${times} pods, not on ${most}`);
  return found;
}
