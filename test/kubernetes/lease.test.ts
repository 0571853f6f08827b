import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createKubernetes } from '../../src/adapters/kubernetes/kubernetes.ts';
import { systemClock } from '../../src/adapters/process/clock.ts';
import { takeLock } from '../../src/engine/lock.ts';
import type { Kubernetes } from '../../src/ports/kubernetes.ts';
import { createNamespace, type TestNamespace } from '../support/kubernetes.ts';

const { signal } = new AbortController();
const RUN = 'https://github.com/someone/something/actions/runs/1';

let namespace: TestNamespace;
let kubernetes: Kubernetes;

beforeAll(async () => {
  namespace = await createNamespace('lease');
  kubernetes = createKubernetes(namespace.config);
});

afterAll(async () => {
  await namespace[Symbol.asyncDispose]();
}, 150_000);

function lease(holder: string, note = '') {
  return { holder, renewed: 1_700_000_000_123, seconds: 30, note };
}

test('a lease that nobody made is null', async () => {
  expect(await kubernetes.readLease(namespace.place(), 'nobody', { signal })).toBeNull();
});

test('a lease is read as it was written', async () => {
  const place = namespace.place();
  const note = JSON.stringify([{ kind: 'scale', from: 6, to: 8 }]);
  expect(await kubernetes.writeLease(place, 'whole', lease(RUN, note), { version: null, signal })).toBe(true);
  expect(await kubernetes.readLease(place, 'whole', { signal })).toEqual({
    ...lease(RUN, note),
    version: expect.stringMatching(/^[0-9a-f-]{36}\/\d+$/),
  });
});

test('a lease that is given back has no holder', async () => {
  const place = namespace.place();
  await kubernetes.writeLease(place, 'back', lease(RUN), { version: null, signal });
  const held = await kubernetes.readLease(place, 'back', { signal });
  expect(await kubernetes.writeLease(place, 'back', lease(''), { version: held?.version ?? '', signal })).toBe(true);
  expect(await kubernetes.readLease(place, 'back', { signal })).toMatchObject({ holder: '', note: '' });
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

  expect(won.filter(Boolean)).toHaveLength(1);
  const after = await kubernetes.readLease(place, what, { signal });
  expect(after?.holder).toBe(runs[won.indexOf(true)]);
});

test('a lease that was deleted after it was read is not written', async () => {
  const place = namespace.place();
  await kubernetes.writeLease(place, 'gone', lease('before'), { version: null, signal });
  const read = await kubernetes.readLease(place, 'gone', { signal });
  const ref = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', name: 'gone', namespace: null };
  await kubernetes.deleteResources(place, [ref], { signal });

  expect(await kubernetes.writeLease(place, 'gone', lease(RUN), { version: read?.version ?? '', signal })).toBe(false);

  expect(await kubernetes.readLease(place, 'gone', { signal })).toBeNull();
});

test('two writes of the holder at once, as a note beside a renewal, do not look like another run', async () => {
  const options = {
    holder: RUN,
    patience: 0,
    signal,
    waiting: () => expect('waited').toBe('free'),
    kept: () => expect('kept').toBe('given back'),
  };
  await using lock = await takeLock(namespace.place(), 'busy', { kubernetes, clock: systemClock }, options);
  await Promise.all([lock.leave('one'), lock.leave('other')]);
  expect(lock.lost.aborted).toBe(false);
});
