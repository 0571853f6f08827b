import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createKubernetes } from '../../src/adapters/kubernetes/kubernetes.ts';
import { systemClock } from '../../src/adapters/process/clock.ts';
import { type Lock, takeLock } from '../../src/engine/lock.ts';
import type { Kubernetes } from '../../src/ports/kubernetes.ts';
import { ApiGate } from '../support/api-gate.ts';
import { ApiRelay } from '../support/api-relay.ts';
import { createNamespace, type TestNamespace } from '../support/kubernetes.ts';
import { statefulSet } from '../support/kubernetes-objects.ts';

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
});

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
    const kept: unknown[] = [];
    await using lock = await takenLock('away', kept);
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
  });

  test('longer than the lock stands: the lock counts as lost before anybody else can take it', async () => {
    const taken = systemClock.now();
    await using lock = await takenLock('lost', []);
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
  });

  test('when the lock is to be given back: that is told, and no reason to fail', async () => {
    const kept: unknown[] = [];
    const lock = await takenLock('given-back', kept);
    await gate.shut();
    await lock[Symbol.asyncDispose]();
    expect(kept).toEqual([[expect.objectContaining({ code: 'kubernetes-unreachable' }), 30]]);
  });

  /** `kept` gets what it tells when it is not given back. */
  function takenLock(cluster: string, kept: unknown[]): Promise<Lock> {
    return takeLock(
      namespace.place({ statefulSet: cluster }),
      cluster,
      { kubernetes, clock: systemClock },
      {
        holder: HOLDER,
        token: 'ours',
        patience: 0,
        signal,
        waiting: () => expect('waited').toBe('free'),
        kept: (trouble, seconds) => kept.push([trouble, seconds]),
      },
    );
  }
});

test('a StatefulSet was scaled and the answer is lost: that is no reason to fail', async () => {
  await using relay = await ApiRelay.start();
  const kubernetes = createKubernetes(relay.config());
  await namespace.apply(statefulSet({ replicas: 1 }));
  await relay.losingNext('PATCH', async () => {
    await kubernetes.scale(namespace.place(), { from: 1, to: 2 }, { signal });
  });
  expect(relay.lost).toEqual([200]);
  expect((await kubernetes.look(namespace.place(), { spreadBy: [], signal })).workload?.replicas).toBe(2);
});

test('an API server that answers 503 is away, and no error of the request', async () => {
  await using relay = await ApiRelay.start();
  relay.status = 503;
  await expect(
    createKubernetes(relay.config()).look(namespace.place(), { spreadBy: [], signal }),
  ).rejects.toMatchObject({
    code: 'kubernetes-unreachable',
    message: expect.stringContaining('Kubernetes answered 503'),
  });
});
