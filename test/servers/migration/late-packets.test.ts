import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { run } from '../../../src/steps/move-slots/run.ts';
import { asClient, seedsOf, slotOf } from '../../support/cluster-client.ts';
import { eventually } from '../../support/eventually.ts';
import { startLocalPlatform } from '../../support/local-platform.ts';
import { BUS, freePort } from '../../support/local-server.ts';
import { REPRESENTATIVES } from '../../support/servers.ts';
import { lead } from '../../support/tcp-link.ts';
import { move, openSlots, stageOf } from './stage.ts';

const [DONOR, RECEIVER] = ['redis-cluster-0', 'redis-cluster-1'];

/** Milliseconds for which the network keeps what a MIGRATE has sent: longer than the donor waits for it. */
const KEPT = 7_000;
/** Milliseconds after which a few bytes of it arrive, while the donor still waits: the connection has not been silent then. */
const FIRST = 3_300;
const FEW = 20;

/** Before each server a way that keeps what the first MIGRATE after `arm` sends, while its sender gives up, and delivers it late. */
class LateWay implements AsyncDisposable {
  readonly #listeners: Server[] = [];
  #isArmed = false;
  readonly #kept = Promise.withResolvers<void>();
  readonly #delivered = Promise.withResolvers<void>();

  arm(): void {
    this.#isArmed = true;
  }

  get kept(): Promise<void> {
    return this.#kept.promise;
  }

  get delivered(): Promise<void> {
    return this.#delivered.promise;
  }

  async before(port: number): Promise<number> {
    const known = await freePort();
    await this.#listen(known, (socket) => this.#serve(socket, port));
    await this.#listen(known + BUS, (socket) => lead(socket, { host: '127.0.0.1', port: port + BUS }));
    return known;
  }

  #serve(socket: Socket, port: number): void {
    const onward = connect({ host: '127.0.0.1', port, noDelay: true });
    let kept: Buffer[] | null = null;
    const deliver = async (chunks: readonly Buffer[]): Promise<void> => {
      this.#kept.resolve();
      await sleep(FIRST);
      onward.write(Buffer.concat(chunks).subarray(0, FEW));
      await sleep(KEPT - FIRST);
      onward.write(Buffer.concat(chunks).subarray(FEW));
      await sleep(500);
      onward.destroy();
      this.#delivered.resolve();
    };
    socket.on('data', (chunk: Buffer) => {
      if (this.#isArmed && chunk.includes('RESTORE-ASKING')) {
        this.#isArmed = false;
        kept = [];
        void deliver(kept);
      }
      if (kept === null) onward.write(chunk);
      else kept.push(chunk);
    });
    onward.on('data', (chunk) => {
      if (!socket.destroyed) socket.write(chunk);
    });
    socket.on('close', () => {
      if (kept === null) onward.destroy();
    });
    onward.on('close', () => socket.destroy());
    for (const end of [socket, onward]) end.on('error', () => end.destroy());
  }

  async #listen(port: number, serve: (socket: Socket) => void): Promise<void> {
    const listener = createServer({ noDelay: true }, serve);
    this.#listeners.push(listener);
    listener.listen(port, '127.0.0.1');
    await once(listener, 'listening');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const listener of this.#listeners) listener.close();
  }
}

/** Clients write every second key and delete the others. */
function wanted(i: number): string | null {
  return i % 2 === 0 ? 'new' : null;
}

describe.each([...REPRESENTATIVES])('$name', (server) => {
  test('what the network delivers of a MIGRATE after it was given up changes nothing that clients have written or deleted since', async () => {
    await using way = new LateWay();
    await using platform = await startLocalPlatform({
      server,
      pods: 3,
      nodeTimeout: 15_000,
      link: (port) => way.before(port),
    });
    await using redis = platform.redis();
    await platform.form({ shards: 3, replicas: 0 });
    const all = Array.from({ length: 4_000 }, (_, i) => `k:${i}`);
    const keys = all.filter((key) => slotOf(key) <= 2_000).slice(0, 200);
    await asClient(seedsOf(platform), async (client) => {
      for (const key of keys) await client.set(key, 'old');
      const context = await stageOf(platform, redis, { method: 'classic' });
      const moving = run(move(DONOR, RECEIVER, [[0, 2_000]]), context);
      await eventually(async () => (await openSlots(platform, redis)).some((mark) => mark.startsWith(DONOR)), 'marks');
      way.arm();
      await moving;
      await way.kept;
      for (const [i, key] of keys.entries()) await (wanted(i) === null ? client.del(key) : client.set(key, 'new'));
      await way.delivered;
      expect(await Promise.all(keys.map((key) => client.get(key)))).toEqual(keys.map((_, i) => wanted(i)));
    });
    expect(await openSlots(platform, redis)).toEqual([]);
  });
});
