import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createKubernetes } from '../../src/adapters/kubernetes/kubernetes.ts';
import { systemClock } from '../../src/adapters/process/clock.ts';
import { Failure } from '../../src/core/failure.ts';
import { type Lock, leaseName, lookAtLock, takeLock } from '../../src/engine/lock.ts';
import type { Kubernetes, LeaseState } from '../../src/ports/kubernetes.ts';
import { fastClock } from '../support/fast-clock.ts';
import { createNamespace, type TestNamespace } from '../support/kubernetes.ts';

const { signal } = new AbortController();
/** Milliseconds: a little less than a request may take. */
const SLOW = 2_900;
const RUN = 'https://github.com/someone/something/actions/runs/1';

let namespace: TestNamespace;
let kubernetes: Kubernetes;

beforeAll(async () => {
  namespace = await createNamespace('lease');
  kubernetes = createKubernetes(namespace.config);
});

afterAll(async () => {
  await namespace[Symbol.asyncDispose]();
});

function lease(holder: string, note = ''): LeaseState {
  return { holder, token: holder, seconds: 30, note };
}

test('a lease that nobody made is null', async () => {
  expect(await kubernetes.readLease(namespace.place(), 'nobody', { signal })).toBeNull();
});

test('a lease is read as it was written', async () => {
  const place = namespace.place();
  const note = JSON.stringify([{ kind: 'scale', from: 6, to: 8 }]);
  expect(await kubernetes.writeLease(place, 'whole', lease(RUN, note), { version: null, signal })).toBe('written');
  expect(await kubernetes.readLease(place, 'whole', { signal })).toEqual({
    ...lease(RUN, note),
    version: expect.stringMatching(/^[0-9a-f-]{36}\/\d+$/),
    age: expect.any(Number),
  });
});

test('a lease that is given back has no holder', async () => {
  const place = namespace.place();
  await kubernetes.writeLease(place, 'back', lease(RUN), { version: null, signal });
  const held = await kubernetes.readLease(place, 'back', { signal });
  expect(await kubernetes.writeLease(place, 'back', lease(''), { version: held?.version ?? '', signal })).toBe(
    'written',
  );
  expect(await kubernetes.readLease(place, 'back', { signal })).toMatchObject({ holder: '', token: '', note: '' });
});

test.each([
  ['create', null],
  ['replace', 'read'],
] as const)('of ten that %s it at once, one succeeds', async (what, version) => {
  const place = namespace.place();
  if (version === 'read') await kubernetes.writeLease(place, what, lease('before'), { version: null, signal });
  const read = version === null ? null : ((await kubernetes.readLease(place, what, { signal }))?.version ?? '');
  const runs = Array.from({ length: 10 }, (_, run) => `${RUN}${run}`);

  const won = await Promise.all(
    runs.map((run) => kubernetes.writeLease(place, what, lease(run), { version: read, signal })),
  );

  expect(won.filter((written) => written === 'written')).toHaveLength(1);
  const after = await kubernetes.readLease(place, what, { signal });
  expect(after?.holder).toBe(runs[won.indexOf('written')]);
});

test('a lease that was deleted after it was read is not written', async () => {
  const place = namespace.place();
  await kubernetes.writeLease(place, 'gone', lease('before'), { version: null, signal });
  const read = await kubernetes.readLease(place, 'gone', { signal });
  const ref = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', name: 'gone', namespace: null };
  await kubernetes.deleteResources(place, [ref], { signal });

  expect(await kubernetes.writeLease(place, 'gone', lease(RUN), { version: read?.version ?? '', signal })).toBe(
    'beaten',
  );

  expect(await kubernetes.readLease(place, 'gone', { signal })).toBeNull();
});

/** As another process takes it; `waited` gets the holders that it is told of while it waits. */
function take(
  cluster: string,
  token: string,
  { patience = 0, statefulSet = cluster, waited = (_holder: string): void => undefined } = {},
) {
  const ports = { kubernetes, clock: systemClock };
  return takeLock(namespace.place({ statefulSet }), cluster, ports, {
    holder: RUN,
    token,
    patience,
    signal,
    waiting: waited,
    kept: () => expect('kept').toBe('given back'),
  });
}

function left(cluster: string, statefulSet = cluster) {
  return lookAtLock(namespace.place({ statefulSet }), cluster, kubernetes, { signal });
}

/** Who holds a Lease now, and what lies in it. */
async function heldBy(of: string) {
  const read = await kubernetes.readLease(namespace.place(), leaseName(of), { signal });
  return { holder: read?.holder, note: read?.note };
}

/** What a run that was killed leaves behind. */
async function killedHolding(cluster: string): Promise<void> {
  const state = lease(RUN, 'the steps');
  await kubernetes.writeLease(namespace.place(), leaseName(cluster), state, { version: null, signal });
}

/** Has a lock for a moment, and returns the name of its cluster. */
async function heldFor(cluster: string, statefulSet: string): Promise<string> {
  await using lock = await take(cluster, `of ${cluster}`, { statefulSet, patience: 30_000 });
  await sleep(500);
  expect(lock.lost.aborted).toBe(false);
  return cluster;
}

function ignore(): void {}

async function giveBack(lock: Lock): Promise<void> {
  await lock[Symbol.asyncDispose]();
}

describe('a lock', () => {
  test('is not lost by two writes of its holder at once, as a note beside a renewal', async () => {
    await using lock = await take('busy', 'one');
    await Promise.all([lock.leave('one'), lock.leave('other')]);
    expect(lock.lost.aborted).toBe(false);
  });

  test('is not had by two jobs of one run, and the refusal names the run', async () => {
    await using lock = await take('twice', 'one job');
    await expect(take('twice', 'another job')).rejects.toMatchObject({
      code: 'locked',
      message: expect.stringContaining(RUN),
    });
    expect(lock.lost.aborted).toBe(false);
  });

  test('is waited for, and had as soon as it is given back', async () => {
    const first = await take('waited', 'first');
    const givenBack: Promise<void>[] = [];
    const waited = (holder: string): void => {
      expect(holder).toBe(RUN);
      if (givenBack.length === 0) givenBack.push(giveBack(first));
    };
    await using second = await take('waited', 'second', { patience: 30_000, waited });
    expect(givenBack).toHaveLength(1);
    expect(second.lost.aborted).toBe(false);
  });

  test('of a run that was killed is free 30 s later, however long the next one waits, and tells what was begun', async () => {
    await killedHolding('killed');
    expect(await left('killed')).toEqual({ holder: RUN, note: 'the steps' });
    await expect(take('killed', 'too soon')).rejects.toMatchObject({ code: 'locked' });
    await namespace.expireLease(leaseName('killed'));
    expect(await left('killed')).toEqual({ holder: null, note: 'the steps' });
    await using lock = await take('killed', 'another');
    expect(lock.inherited).toBe('the steps');
  });

  test('of which another run has taken a half over is lost for its first holder, and the other half given back', async () => {
    const lock = await take('stolen', 'first', { statefulSet: 'half' });
    const name = leaseName('stolen');
    const version = (await kubernetes.readLease(namespace.place(), name, { signal }))?.version ?? '';
    await kubernetes.writeLease(namespace.place(), name, lease('another run'), { version, signal });
    if (!lock.lost.aborted) await once(lock.lost, 'abort');
    expect(lock.lost.reason).toMatchObject({
      code: 'lock-lost',
      message: expect.stringContaining('taken over by another run'),
    });
    await giveBack(lock);
    expect(await heldBy('half')).toMatchObject({ holder: '' });
    expect(await heldBy('stolen')).toMatchObject({ holder: 'another run' });
  });

  test('counts as lost before another run may take it, however slowly the API server answers and fails', async () => {
    const clock = fastClock(10);
    let renewed = 0;
    const slow: Kubernetes = {
      ...kubernetes,
      readLease: async (...what) => {
        if (renewed > 0) await clock.sleep(SLOW, { signal });
        return kubernetes.readLease(...what);
      },
      writeLease: async (...what) => {
        if (renewed > 0) {
          await clock.sleep(SLOW, { signal });
          throw new Failure('kubernetes-unreachable', 'No answer.', { remedy: 'Wait.' });
        }
        const written = await kubernetes.writeLease(...what);
        renewed = clock.now();
        await clock.sleep(SLOW, { signal });
        return written;
      },
    };
    const options = { holder: RUN, token: 'slow', patience: 0, signal, waiting: ignore, kept: ignore };
    const lock = await takeLock(namespace.place({ statefulSet: 'slow' }), 'slow', { kubernetes: slow, clock }, options);
    if (!lock.lost.aborted) await once(lock.lost, 'abort');
    expect(clock.now() - renewed).toBeLessThan(lease(RUN).seconds * 1_000);
    expect(lock.lost.reason).toMatchObject({ code: 'lock-lost' });
  });

  describe('of a cluster that is not called like its StatefulSet', () => {
    const of = { statefulSet: 'renamed' };

    test('is had by one at a time, whatever name the StatefulSet goes by', async () => {
      await using lock = await take('sessions', 'one', of);
      await expect(take('renamed', 'default name', of)).rejects.toMatchObject({ code: 'locked' });
      await expect(take('new-sessions', 'other name', of)).rejects.toMatchObject({ code: 'locked' });
      expect(await left('new-sessions', 'renamed')).toEqual({ holder: RUN, note: null });
      expect(lock.lost.aborted).toBe(false);
    });

    test('is given back whole, also where half of it could be had only', async () => {
      await giveBack(await take('sessions', 'one', of));
      expect([await heldBy('renamed'), await heldBy('sessions')]).toMatchObject([{ holder: '' }, { holder: '' }]);
      await using other = await take('sessions', 'of another StatefulSet', { statefulSet: 'other' });
      await expect(take('sessions', 'too late', of)).rejects.toMatchObject({ code: 'locked' });
      expect(await heldBy('renamed')).toMatchObject({ holder: '' });
      expect(other.lost.aborted).toBe(false);
    });

    test('tells a run under another name what one that was killed had begun', async () => {
      const killed = await take('sessions', 'killed', of);
      await killed.leave('the steps');
      await giveBack(killed);
      expect(await left('new-sessions', 'renamed')).toEqual({ holder: null, note: 'the steps' });
      await using lock = await take('new-sessions', 'another', of);
      expect(lock.inherited).toBe('the steps');
    });

    test("is had by both in turn where each is called like the other's StatefulSet", async () => {
      expect(await Promise.all([heldFor('this', 'that'), heldFor('that', 'this')])).toEqual(['this', 'that']);
    });

    test("is its own where one process is at work on a cluster of that name's StatefulSet, too", async () => {
      await using first = await take('old', 'one process', { statefulSet: 'shop' });
      await expect(take('shop', 'one process', { statefulSet: 'shop-2' })).rejects.toMatchObject({ code: 'locked' });
      expect(first.lost.aborted).toBe(false);
    });
  });

  test('in a namespace that is not there is refused at once', async () => {
    const place = namespace.place({ namespace: 'rct-nowhere' });
    const options = {
      holder: RUN,
      token: 'one',
      patience: 60_000,
      signal,
      waiting: () => undefined,
      kept: () => undefined,
    };
    await expect(takeLock(place, 'any', { kubernetes, clock: systemClock }, options)).rejects.toMatchObject({
      code: 'no-namespace',
      remedy: expect.stringContaining('kubectl create namespace rct-nowhere'),
    });
  });
});
