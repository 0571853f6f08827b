import { wordInSlot } from '../../src/migration/key-slot.ts';
import type { Command, Reply } from '../../src/ports/redis.ts';
import { asClient, seedsOf } from '../support/cluster-client.ts';
import type { LocalPlatform } from '../support/local-platform.ts';

/** Three shards of which the pods 0, 1 and 2 were the first primaries, 3, 4 and 5 their replicas if there are any. */
const SHARDS = [
  ['redis-cluster-0', 'redis-cluster-3'],
  ['redis-cluster-1', 'redis-cluster-4'],
  ['redis-cluster-2', 'redis-cluster-5'],
] as const;

export type Side = 'donor' | 'receiver' | 'third';

/** Which shard is which. */
const AS_NUMBERED: Readonly<Record<Side, 0 | 1 | 2>> = { donor: 0, receiver: 1, third: 2 };
export const DONOR_LAST: Readonly<Record<Side, 0 | 1 | 2>> = { donor: 2, receiver: 0, third: 1 };

/** A cluster, and a slot of the donor's with keys. */
export class SlotStage {
  readonly platform: LocalPlatform;
  readonly slot: number;
  readonly keys: readonly string[];
  readonly #word: string;
  readonly #shards: Readonly<Record<Side, 0 | 1 | 2>>;

  constructor(platform: LocalPlatform, slot: number, shards = AS_NUMBERED, { keys = 30 } = {}) {
    this.platform = platform;
    this.slot = slot;
    this.#shards = shards;
    this.#word = wordInSlot(slot);
    this.keys = Array.from({ length: keys }, (_, i) => `{${this.#word}}:${i}`);
  }

  /** Names of keys of the same slot that nobody has at first. */
  get further(): readonly string[] {
    return Array.from({ length: 10 }, (_, i) => `{${this.#word}}:further:${i}`);
  }

  get some(): readonly string[] {
    return this.keys.slice(0, 10);
  }

  async primary(side: Side): Promise<string> {
    const pods = new Set(this.platform.pods().map(({ name }) => name));
    for (const pod of SHARDS[this.#shards[side]].filter((name) => pods.has(name))) {
      if (/role:master/.test(String(await this.platform.call(pod, ['INFO', 'REPLICATION'])))) return pod;
    }
    throw new Error(`The shard of the ${side} has no primary.`);
  }

  async set(side: Side, state: 'IMPORTING' | 'MIGRATING' | 'NODE' | 'STABLE', peer?: Side): Promise<void> {
    const id = peer === undefined ? [] : [String(await this.call(peer, ['CLUSTER', 'MYID']))];
    await this.call(side, ['CLUSTER', 'SETSLOT', this.slot, state, ...id]);
  }

  async call(side: Side, command: Command): Promise<Reply> {
    return this.platform.call(await this.primary(side), command);
  }

  async open(): Promise<void> {
    await this.set('receiver', 'IMPORTING', 'donor');
    await this.set('donor', 'MIGRATING', 'receiver');
  }

  async migrate(keys: readonly string[], to: Side = 'receiver'): Promise<void> {
    const port = this.platform.port(await this.primary(to));
    await this.call('donor', ['MIGRATE', '127.0.0.1', port, '', 0, 5_000, 'KEYS', ...keys]);
  }

  /** Keys are left behind where nobody can read them. */
  async strand(at: Side = 'receiver', keys = this.some): Promise<void> {
    await this.set(at, 'IMPORTING', 'donor');
    await this.set('donor', 'MIGRATING', at);
    await this.migrate(keys, at);
    await this.set(at, 'STABLE');
    await this.set('donor', 'STABLE');
  }

  async failOver(side: Side): Promise<void> {
    const primary = await this.primary(side);
    const replica = SHARDS[this.#shards[side]].find((pod) => pod !== primary) ?? '';
    await this.platform.call(replica, ['CLUSTER', 'FAILOVER']);
    await this.platform.untilInfo([replica], 'REPLICATION', /role:master/);
    // For a moment both say so.
    await this.platform.untilInfo([primary], 'REPLICATION', /role:slave/);
  }

  async write(keys: readonly string[], word: string): Promise<void> {
    await asClient(seedsOf(this.platform), async (client) => {
      for (const key of keys) await client.set(key, `${word} of ${key}`);
    });
  }

  async read(keys = this.keys): Promise<readonly (string | null)[]> {
    return asClient(seedsOf(this.platform), (client) => Promise.all(keys.map((key) => client.get(key))));
  }
}
