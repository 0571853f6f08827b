import { expect, test } from '@jest/globals';
import { partiesNow } from '../../../src/migration/parties.ts';
import type { Redis } from '../../../src/ports/redis.ts';
import { memberOf, podOf } from '../../support/cluster.ts';
import { LocalKubernetes } from '../../support/local-kubernetes.ts';
import { stepContext } from '../../support/step-context.ts';
import { placeOf } from '../../support/topology.ts';

const pods = [0, 1, 2].map((ordinal) => podOf('c', ordinal));
const members = [
  memberOf('c-0', { slots: [[0, 8_191]], configEpoch: 1 }),
  memberOf('c-1', { slots: [[8_192, 16_383]], configEpoch: 2 }),
  memberOf('c-2', { role: 'replica', primary: 'c-0', configEpoch: 1 }),
];

function lineOf(ordinal: number, flags: string, epoch: number): string {
  const id = String(ordinal).repeat(40);
  return `${id} 10.0.0.${ordinal}:6379@16379 myself,${flags} 0 0 ${epoch} connected\n`;
}

/** The pods that answer, by what each says of itself; the others are gone and refuse nothing. */
function answering(lines: Readonly<Record<string, string>>): Redis {
  const open: Redis['open'] = ({ name }) => {
    const line = lines[name];
    if (line === undefined) return new Promise(() => undefined);
    return Promise.resolve({
      pod: name,
      send: async () => [{ ok: true, value: line }],
      [Symbol.asyncDispose]: async () => undefined,
    });
  };
  return { open, connection: open };
}

test('who took over from a pod that is gone is found without waiting for that pod', async () => {
  const redis = answering({ 'c-1': lineOf(1, 'master -', 2), 'c-2': lineOf(2, 'master -', 3) });
  const { donor, receiver } = await partiesNow({ from: 'c-0', to: 'c-1' }, contextOf(redis));
  expect([donor.pod.name, receiver.pod.name]).toEqual(['c-2', 'c-1']);
});

test('where nobody has taken over yet, that is said without waiting for the pod that is gone', async () => {
  const redis = answering({ 'c-1': lineOf(1, 'master -', 2), 'c-2': lineOf(2, `slave ${'0'.repeat(40)}`, 1) });
  const asked = partiesNow({ from: 'c-0', to: 'c-1' }, contextOf(redis));
  await expect(asked).rejects.toMatchObject({
    code: 'redis-unreachable',
    message: expect.stringContaining('c-0, c-2'),
  });
});

function notAsked(): never {
  throw new Error('Kubernetes was asked.');
}

/** Its run is to stop, so that Kubernetes is not asked where pods are. */
function contextOf(redis: Redis) {
  const kubernetes = new LocalKubernetes({ view: notAsked, resize: notAsked, deleteVolumes: notAsked }, 3);
  const cluster = { pods, members };
  return stepContext({ place: placeOf('c'), kubernetes, redis, cluster, stop: AbortSignal.abort() });
}
