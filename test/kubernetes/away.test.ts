import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createKubernetes } from '../../src/adapters/kubernetes/kubernetes.ts';
import { systemClock } from '../../src/adapters/process/clock.ts';
import { takeLock } from '../../src/engine/lock.ts';
import type { Kubernetes } from '../../src/ports/kubernetes.ts';
import { ApiGate } from '../support/api-gate.ts';
import { createNamespace, type TestNamespace } from '../support/kubernetes.ts';

const { signal } = new AbortController();
const HOLDER = 'https://github.com/o/r/actions/runs/1';
/** Milliseconds that a restart of the API server may take. */
const AWAY = 20_000;

let namespace: TestNamespace;

beforeAll(async () => {
  namespace = await createNamespace('away');
});

afterAll(async () => {
  await namespace[Symbol.asyncDispose]();
}, 150_000);

describe('the API server goes away in the middle of the work', () => {
  let gate: ApiGate;
  let kubernetes: Kubernetes;

  beforeEach(async () => {
    gate = await ApiGate.open();
    kubernetes = createKubernetes(gate.config());
    await kubernetes.look(namespace.place(), { spreadBy: [], signal });
  });

  afterEach(async () => {
    await gate[Symbol.asyncDispose]();
  });

  test('for 20 s: what is asked meanwhile is answered when it is back, and the lock is kept', async () => {
    const kept: string[] = [];
    const options = {
      holder: HOLDER,
      patience: 0,
      signal,
      waiting: () => expect('waited').toBe('free'),
      kept: () => kept.push('kept'),
    };
    await using lock = await takeLock(namespace.place(), 'away', { kubernetes, clock: systemClock }, options);
    await gate.shut();
    const looking = kubernetes.look(namespace.place(), { spreadBy: [], signal });
    const leaving = lock.leave('the steps');
    await sleep(AWAY);
    await gate.reopen();
    expect(await looking).toMatchObject({ workload: null, pods: [] });
    await leaving;
    // A renewal and more, which would have noticed that the lock is lost.
    await sleep(9_000);
    expect(lock.lost.aborted).toBe(false);
    const lease = await kubernetes.readLease(namespace.place(), 'redis-cluster-topology-away', { signal });
    expect(lease).toMatchObject({ holder: HOLDER, note: 'the steps' });
    expect(kept).toEqual([]);
  }, 90_000);

  test('longer than the lock stands: the lock counts as lost before anybody else can take it', async () => {
    const taken = systemClock.now();
    const options = { holder: HOLDER, patience: 0, signal, waiting: () => undefined, kept: () => undefined };
    await using lock = await takeLock(namespace.place(), 'lost', { kubernetes, clock: systemClock }, options);
    await gate.shut();
    const lost = Promise.withResolvers<unknown>();
    lock.lost.addEventListener('abort', () => lost.resolve(lock.lost.reason), { once: true });
    expect(await lost.promise).toMatchObject({
      code: 'lock-lost',
      details: [expect.stringContaining('refuses connections')],
    });
    const seconds = (systemClock.now() - taken) / 1000;
    expect(seconds).toBeGreaterThan(20);
    expect(seconds).toBeLessThan(30);
  }, 60_000);

  test('when the lock is to be given back: that is told, and no reason to fail', async () => {
    const kept: unknown[] = [];
    const options = {
      holder: HOLDER,
      patience: 0,
      signal,
      waiting: () => undefined,
      kept: (trouble: unknown, seconds: number) => kept.push([trouble, seconds]),
    };
    const lock = await takeLock(namespace.place(), 'given-back', { kubernetes, clock: systemClock }, options);
    await gate.shut();
    await lock[Symbol.asyncDispose]();
    expect(kept).toEqual([[expect.objectContaining({ code: 'kubernetes-unreachable' }), 30]]);
  }, 60_000);
});
