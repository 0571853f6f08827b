import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { contains } from '../../../src/core/slots.ts';
import { wordInSlot } from '../../../src/migration/key-slot.ts';
import type { StepContext } from '../../../src/ports/context.ts';
import { run } from '../../../src/steps/move-slots/run.ts';
import { describeOn } from '../../support/describe-on.ts';
import { lateBus } from '../../support/late-bus.ts';
import { type LocalPlatform, startLocalPlatform } from '../../support/local-platform.ts';
import { REPRESENTATIVES, type ServerProgram } from '../../support/servers.ts';
import { isAble } from './atomic-stage.ts';
import { move, stageOf } from './stage.ts';

/** Milliseconds. */
const LATE = 300;
const SLOT = 100;
const KEY = `{${wordInSlot(SLOT)}}`;
const [DONOR, RECEIVER] = ['redis-cluster-0', 'redis-cluster-1'];

async function watched(
  server: ServerProgram,
  method: 'classic' | 'auto',
  handOver: (platform: LocalPlatform, context: StepContext) => Promise<unknown>,
) {
  await using bus = lateBus(LATE);
  await using platform = await startLocalPlatform({ server, pods: 3, nodeTimeout: 15_000, link: bus.inFrontOf });
  await using redis = platform.redis();
  await platform.form({ shards: 3, replicas: 0 });
  const clients = new Clients(platform);
  await clients.until(({ reads }) => reads > 20);
  const context = await stageOf(platform, redis, { method });
  clients.writeToReceiver();
  await handOver(platform, context);
  await clients.until(({ atReceiver }) => atReceiver > 50);
  const { written, atReceiver, stale } = await clients.stop();
  expect(written).toBeGreaterThan(atReceiver);
  return stale;
}

describe.each([...REPRESENTATIVES])('on $name', (server) => {
  test('a donor that hears late of the hand-over answers no read with what is no longer so, where slots move key by key', async () => {
    const step = move(DONOR, RECEIVER, [[SLOT, SLOT]]);
    expect(await watched(server, 'classic', (_platform, context) => run(step, context))).toEqual([]);
  });
});

/** Once this fails on a server, what the README says of limits is true of older ones only. */
describeOn(REPRESENTATIVES.filter(isAble))('on $name', (server) => {
  const handOver = async (platform: LocalPlatform) => {
    const receiver = String(await platform.call(RECEIVER, ['CLUSTER', 'MYID']));
    return server.name.startsWith('valkey')
      ? platform.call(DONOR, ['CLUSTER', 'MIGRATESLOTS', 'SLOTSRANGE', SLOT, SLOT, 'NODE', receiver])
      : platform.call(RECEIVER, ['CLUSTER', 'MIGRATION', 'IMPORT', SLOT, SLOT]);
  };

  test('a donor whose server moves slots by itself may answer such reads', async () => {
    // It does not each time.
    const seen: number[] = [];
    while (seen.length < 5 && !seen.some((stale) => stale > 10)) {
      seen.push((await watched(server, 'auto', handOver)).length);
    }
    expect(Math.max(...seen)).toBeGreaterThan(10);
  });
});

/** One writes, first at the donor, then at the receiver as soon as that owns the slot; the other reads at the donor as long as it answers. */
class Clients {
  readonly #platform: LocalPlatform;
  readonly #stopping = new AbortController();
  readonly #work: Promise<unknown>;
  readonly #stale: string[] = [];
  #writesTo = DONOR;
  #written = 0;
  #atReceiver = 0;
  #reads = 0;

  constructor(platform: LocalPlatform) {
    this.#platform = platform;
    this.#work = Promise.all([this.#repeat(() => this.#write()), this.#repeat(() => this.#read())]);
  }

  /** No write is on its way to the donor any more, where it would wait for the end of the hand-over. */
  writeToReceiver(): void {
    this.#writesTo = RECEIVER;
  }

  /** Waits, 60 s at most, until so much was written and read. */
  async until(isEnough: (counts: { readonly atReceiver: number; readonly reads: number }) => boolean): Promise<void> {
    for (const deadline = Date.now() + 60_000; Date.now() < deadline; await sleep(25)) {
      if (isEnough({ atReceiver: this.#atReceiver, reads: this.#reads })) return;
    }
    throw new Error(`After 60 s: ${this.#reads} reads, ${this.#atReceiver} writes at the receiver.`);
  }

  async stop() {
    this.#stopping.abort();
    await this.#work;
    return { written: this.#written, atReceiver: this.#atReceiver, stale: this.#stale };
  }

  async #repeat(work: () => Promise<void>): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      await work();
      await sleep(1);
    }
  }

  async #write(): Promise<void> {
    const pod = this.#writesTo;
    if (pod === RECEIVER && !ownsSlot(String(await this.#platform.call(RECEIVER, ['CLUSTER', 'NODES'])))) return;
    if ((await this.#answered(pod, ['RPUSH', KEY, this.#written + 1])) === null) return;
    this.#written += 1;
    if (pod === RECEIVER) this.#atReceiver += 1;
  }

  async #read(): Promise<void> {
    const least = this.#written;
    const last = await this.#answered(DONOR, ['LINDEX', KEY, -1]);
    if (last === null) return;
    this.#reads += 1;
    if (Number(last) < least) this.#stale.push(`${last} read, ${least} written`);
  }

  /** Null: sent elsewhere. */
  async #answered(pod: string, command: readonly (string | number)[]): Promise<string | null> {
    try {
      return String((await this.#platform.call(pod, [...command])) ?? 0);
    } catch (thrown) {
      if (thrown instanceof Error && /with: (MOVED|ASK|TRYAGAIN)/.test(thrown.message)) return null;
      throw thrown;
    }
  }
}

/** By a node's own line of CLUSTER NODES. */
function ownsSlot(nodes: string): boolean {
  const own = nodes.split('\n').find((line) => line.includes('myself')) ?? '';
  const ranges = own
    .split(' ')
    .slice(8)
    .filter((word) => !word.startsWith('['));
  return contains(
    ranges.map((word) => {
      const [first = 0, last = first] = word.split('-').map(Number);
      return [first, last] as const;
    }),
    SLOT,
  );
}
