import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from 'ioredis';
import { type ClusterSeeds, clusterClient } from './cluster-client.ts';

export interface TrafficOptions {
  /** Clients that write, each to keys of its own. Default 2. */
  readonly writers?: number;
  /** Clients that read what writers have written. Default 2. */
  readonly readers?: number;
  /** Keys of each writer, spread over all slots. Default 500. */
  readonly keys?: number;
  /** Begins the keys; another one for each traffic on the same data. Default: traffic. */
  readonly prefix?: string;
  /** Milliseconds that each client rests between two commands. Default 1: the work of interest runs in the same process. */
  readonly pause?: number;
  /**
   * Whether servers go away under the traffic: the client repeats a command whose answer it did not get, and cannot know whether it was
   * carried out. A write that was done twice counts as `repeated` then, else as wrong.
   */
  readonly serversGo?: boolean;
}

/** What the clients saw. All but the counts of writes, reads and repeated writes has to be 0. */
export interface TrafficReport {
  readonly writes: number;
  readonly reads: number;
  /** Commands that failed, after the client followed every redirection. */
  readonly errors: number;
  /** Replies that no order of the writes made can explain. */
  readonly wrong: number;
  /** Reads older than a write that was acknowledged before the read began. */
  readonly stale: number;
  /** Likewise, on servers that hand slots over so, and right when repeated: see `handsOverLate`. A few may be. */
  readonly late: number;
  /** Writes that were carried out more than once, where servers go. */
  readonly repeated: number;
  /** Milliseconds. */
  readonly slowest: number;
  /** The first few of what went wrong, in words. */
  readonly examples: readonly string[];
}

export interface Traffic extends AsyncDisposable {
  report(): TrafficReport;
  /** From here on the report counts anew; the ledger stays. */
  countAnew(): void;
  /** Ends the clients; their ledger stays. */
  stop(): Promise<TrafficReport>;
  /** Reads every key once more and names those that are not as the ledger has them. Call after `stop`. */
  verify(): Promise<readonly string[]>;
  /** Every key with its value, as it was acknowledged. */
  ledger(): ReadonlyMap<string, string>;
}

const LIST_LENGTH = 20;
/** More late reads in one report are no accident, and count as stale. */
const MOST_LATE = 3;

/** Writes and reads through ordinary cluster clients until stopped, and keeps a ledger of every acknowledged write. */
export async function startTraffic(cluster: ClusterSeeds, options: TrafficOptions = {}): Promise<Traffic> {
  const { writers = 2, readers = 2, keys = 500, pause = 1, prefix = 'traffic', serversGo = false } = options;
  const tally = new Tally(serversGo);
  const clients = Array.from({ length: writers + readers }, () => quietClient(cluster, tally));
  await Promise.all(clients.map((client) => client.connect()));
  tally.forgiving = await handsOverLate(clients);
  const ledgers = Array.from({ length: writers }, (_, writer) => new Ledger(writer, { keys, prefix }));
  const stopping = new AbortController();
  const work = clients.map((client, i) => {
    const ledger = ledgers[i];
    return ledger === undefined
      ? readOn(client, ledgers, tally, { signal: stopping.signal, pause, seed: i })
      : writeOn(client, ledger, tally, { signal: stopping.signal, pause });
  });
  const stop = async (): Promise<TrafficReport> => {
    stopping.abort();
    await Promise.all(work);
    for (const client of clients) client.disconnect();
    return tally.report();
  };
  return {
    report: () => tally.report(),
    countAnew: () => tally.countAnew(),
    stop,
    verify: () => verify(cluster, ledgers, serversGo),
    ledger: () => new Map(ledgers.flatMap((ledger) => ledger.entries())),
    [Symbol.asyncDispose]: async () => {
      await stop();
    },
  };
}

/**
 * Whether the servers can move slots by themselves, as Valkey from 9.0 and Redis from 8.4 on. Their donor pauses writes, not reads, until
 * it hears by the bus that the slots are the receiver's. With a bus that is 300 ms late, a donor answered reads for 290 ms without what
 * had been written to the receiver meanwhile (raw commands, both kinds). test/servers/migration/late-news.test.ts: moves key by key do not.
 */
async function handsOverLate([client]: readonly Cluster[]): Promise<boolean> {
  const info = (await client?.info('server')) ?? '';
  const isFrom = (field: string, major: number, minor: number): boolean => {
    const [, its = 0, itsMinor = 0] = new RegExp(`^${field}:(\\d+)\\.(\\d+)`, 'm').exec(info)?.map(Number) ?? [];
    return its > major || (its === major && itsMinor >= minor);
  };
  return isFrom('valkey_version', 9, 0) || isFrom('redis_version', 8, 4);
}

class Tally {
  readonly serversGo: boolean;
  /** Old reads count as late when they are right soon after. */
  forgiving = false;
  writes = 0;
  reads = 0;
  errors = 0;
  wrong = 0;
  stale = 0;
  late = 0;
  repeated = 0;
  slowest = 0;
  readonly examples: string[] = [];

  constructor(serversGo: boolean) {
    this.serversGo = serversGo;
  }

  note(kind: 'errors' | 'wrong' | 'stale' | 'late' | 'repeated', text: string): void {
    this[kind] += 1;
    if (kind !== 'late' && kind !== 'repeated' && this.examples.length < 10) this.examples.push(`${kind}: ${text}`);
  }

  report(): TrafficReport {
    const { writes, reads, errors, wrong, late, repeated, slowest } = this;
    // A hand-over is a matter of milliseconds.
    const stale = this.stale + (late > MOST_LATE ? late : 0);
    return { writes, reads, errors, wrong, stale, late, repeated, slowest, examples: [...this.examples] };
  }

  countAnew(): void {
    const { forgiving, serversGo } = this;
    Object.assign(this, new Tally(serversGo), { forgiving });
  }

  /** The command's reply and how long it took; undefined where it failed. */
  async timed<T>(what: string, command: Promise<T>): Promise<{ reply: T } | undefined> {
    const begun = performance.now();
    try {
      return { reply: await command };
    } catch (thrown) {
      this.note('errors', `${what}: ${String(thrown)}`);
      return undefined;
    } finally {
      this.slowest = Math.max(this.slowest, performance.now() - begun);
    }
  }
}

/** One writer's keys: counters that only grow, and lists of numbered entries. */
class Ledger {
  readonly keys: readonly string[];
  /** Highest number of the counter, or entries of the list, that was acknowledged. */
  readonly acknowledged: number[];
  /** The highest that was ever sent. */
  readonly sent: number[];

  constructor(writer: number, { keys, prefix }: { keys: number; prefix: string }) {
    this.keys = Array.from({ length: keys }, (_, i) => `${prefix}:${writer}:${i % 2 === 0 ? 'counter' : 'list'}:${i}`);
    this.acknowledged = this.keys.map(() => 0);
    this.sent = this.keys.map(() => 0);
  }

  isList(i: number): boolean {
    return i % 2 === 1;
  }

  entries(): [string, string][] {
    return this.keys.flatMap((key, i): [string, string][] => {
      const value = this.expected(i);
      return value === '' ? [] : [[key, value]];
    });
  }

  /** What the key holds; the empty text for no key. A list holds its last entries. */
  expected(i: number): string {
    const last = this.acknowledged[i] ?? 0;
    if (last === 0) return '';
    if (!this.isList(i)) return String(last);
    return Array.from(
      { length: Math.min(last, LIST_LENGTH) },
      (_, n) => Math.max(last - LIST_LENGTH, 0) + n + 1,
    ).join();
  }
}

async function writeOn(
  client: Cluster,
  ledger: Ledger,
  tally: Tally,
  { signal, pause }: { signal: AbortSignal; pause: number },
): Promise<void> {
  for (let round = 0; !signal.aborted; round += 1) {
    const i = round % ledger.keys.length;
    const key = ledger.keys[i] ?? '';
    const next = (ledger.acknowledged[i] ?? 0) + 1;
    ledger.sent[i] = Math.max(ledger.sent[i] ?? 0, next);
    const wanted = ledger.isList(i) ? Math.min(next, LIST_LENGTH + 1) : next;
    const answer = await tally.timed(key, ledger.isList(i) ? client.rpush(key, next) : client.incr(key));
    tally.writes += 1;
    if (answer === undefined) {
      // Nobody knows whether it was carried out: the key is left as it is from here on.
      ledger.acknowledged[i] = await settle(client, ledger, i, tally);
      continue;
    }
    ledger.acknowledged[i] = next;
    if (answer.reply !== wanted) {
      const kind = tally.serversGo && answer.reply > wanted ? 'repeated' : 'wrong';
      tally.note(kind, `write of ${key} gave ${answer.reply} instead of ${wanted}`);
      // What is off once is off for good: it counts once.
      ledger.acknowledged[i] = await settle(client, ledger, i, tally);
      ledger.sent[i] = Math.max(ledger.sent[i] ?? 0, ledger.acknowledged[i] ?? 0);
    }
    if (ledger.isList(i) && answer.reply > LIST_LENGTH) {
      await tally.timed(key, client.ltrim(key, -LIST_LENGTH, -1));
      tally.writes += 1;
    }
    await sleep(pause);
  }
}

/** After a failed write: the number that the key holds now. */
async function settle(client: Cluster, ledger: Ledger, i: number, tally: Tally): Promise<number> {
  const key = ledger.keys[i] ?? '';
  const answer = await tally.timed(key, ledger.isList(i) ? client.lindex(key, -1) : client.get(key));
  return Number(answer?.reply ?? ledger.acknowledged[i] ?? 0);
}

async function readOn(
  client: Cluster,
  ledgers: readonly Ledger[],
  tally: Tally,
  { signal, pause, seed }: { signal: AbortSignal; pause: number; seed: number },
): Promise<void> {
  for (let round = seed; !signal.aborted; round += 7) {
    const length = ledgers[0]?.keys.length ?? 1;
    // All keys of one ledger, then those of the next: 7 shares no divisor with the number of keys.
    const ledger = ledgers[Math.floor(round / length) % ledgers.length];
    if (ledger === undefined) return;
    const i = round % length;
    const key = ledger.keys[i] ?? '';
    const least = ledger.acknowledged[i] ?? 0;
    const read = () => tally.timed(key, lastOf(client, ledger, i, tally));
    const answer = await read();
    tally.reads += 1;
    if (answer !== undefined) {
      const seen = answer.reply;
      if (seen < least) {
        const kind = tally.forgiving && (await isSoonRight(read, least)) ? 'late' : 'stale';
        tally.note(kind, `read of ${key} gave ${seen}, but ${least} was acknowledged before`);
      }
      if (!(seen <= (ledger.sent[i] ?? 0))) tally.note('wrong', `read of ${key} gave ${seen}, never written`);
    }
    await sleep(pause);
  }
}

/** The number that a key holds, of a list the last; NaN where entries in between are missing, which a later one would hide. */
async function lastOf(client: Cluster, ledger: Ledger, i: number, { serversGo }: Tally): Promise<number> {
  const key = ledger.keys[i] ?? '';
  if (!ledger.isList(i)) return Number(await client.get(key));
  const entries = (await client.lrange(key, 0, -1)).map(Number);
  const isWhole = entries.every((entry, n) => {
    const step = entry - (entries[n - 1] ?? entry - 1);
    return step === 1 || (step === 0 && serversGo);
  });
  return isWhole ? (entries.at(-1) ?? 0) : Number.NaN;
}

/** Within a second. */
async function isSoonRight(read: () => Promise<{ reply: number } | undefined>, least: number): Promise<boolean> {
  for (let tries = 0; tries < 20; tries += 1) {
    await sleep(50);
    if (((await read())?.reply ?? 0) >= least) return true;
  }
  return false;
}

async function verify(
  cluster: ClusterSeeds,
  ledgers: readonly Ledger[],
  serversGo: boolean,
): Promise<readonly string[]> {
  const tally = new Tally(serversGo);
  const client = quietClient(cluster, tally);
  await client.connect();
  const differences: string[] = [];
  for (const ledger of ledgers) {
    await Promise.all(
      ledger.keys.map(async (key, i) => {
        const seen = await contentOf(client, key, ledger.isList(i), serversGo);
        const wanted = ledger.expected(i);
        if (seen !== wanted) differences.push(`${key} holds "${seen}" instead of "${wanted}"`);
      }),
    );
  }
  client.disconnect();
  return [...differences, ...tally.examples];
}

/** Of a list that may have entries twice, the last ones without those. */
async function contentOf(client: Cluster, key: string, isList: boolean, serversGo: boolean): Promise<string> {
  if (!isList) return (await client.get(key)) ?? '';
  const entries = await client.lrange(key, 0, -1);
  const distinct = [...new Set(entries)];
  if (!serversGo || distinct.length === entries.length) return entries.join();
  const before = Number(distinct[0]) - (entries.length - distinct.length);
  const gone = Array.from({ length: entries.length - distinct.length }, (_, n) => before + n);
  return [...gone.filter((number) => number > 0), ...distinct].join();
}

/** A client whose connection errors are counted rather than printed. */
function quietClient(cluster: ClusterSeeds, tally: Tally): Cluster {
  const client = clusterClient(cluster);
  client.on('error', (error: Error) => tally.note('errors', `a client reports: ${error.message}`));
  return client;
}
