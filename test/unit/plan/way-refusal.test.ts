import { expect, test } from '@jest/globals';
import type { Capabilities } from '../../../src/core/capabilities.ts';
import type { Member } from '../../../src/core/cluster.ts';
import type { Failure } from '../../../src/core/failure.ts';
import { parse } from '../../../src/core/slots.ts';
import type { Migration } from '../../../src/core/topology.ts';
import { estimate } from '../../../src/plan/estimate.ts';
import { makePlan } from '../../../src/plan/make-plan.ts';
import { steps } from '../../../src/plan/plan.ts';
import { memberOf, NOTHING, podOf, workloadOf } from '../../support/cluster.ts';
import { placeOf, topologyOf } from '../../support/topology.ts';
import { countedOf } from './named-case.ts';

const able: Capabilities = { atomic: 'MIGRATESLOTS', slotStats: true };
const unable: Capabilities = { atomic: null, slotStats: true };

/** A plan for four shards of three that own all slots and, where it has joined, a fourth that owns none. */
function planFor(method: Migration['method'], servers: readonly (Capabilities | null)[]) {
  const slots = ['0-5460', '5461-10922', '10923-16383', ''];
  const members = servers.map((capabilities, n): Member => {
    const member = memberOf(`redis-cluster-${n}`, { slots: parse(slots[n] ?? '') ?? [] });
    return capabilities === null ? member : { ...member, capabilities };
  });
  const cluster = {
    ...NOTHING,
    workload: workloadOf('redis-cluster', servers.length),
    pods: members.map((_, n) => podOf('redis-cluster', n)),
    members,
  };
  const topology = topologyOf(
    placeOf('redis-cluster'),
    { shards: 4, replicas: 0 },
    { migration: { method, maxLatency: 20 } },
  );
  return makePlan(topology, cluster);
}

function refusalOf(planned: ReturnType<typeof makePlan>): Failure | null {
  return planned.kind === 'refused' ? planned.failure : null;
}

test('servers that all move slots as a whole may be told to', () => {
  expect(refusalOf(planFor('atomic', [able, able, able, able]))).toBeNull();
});

test.each<[string, readonly (Capabilities | null)[], readonly string[]]>([
  ['a receiver that cannot', [able, able, able, unable], ['From redis-cluster-0 to redis-cluster-3', 'knows neither']],
  ['a donor that cannot', [able, unable, able, able], ['From redis-cluster-1 to redis-cluster-3', 'knows neither']],
  ['a donor that does not tell', [able, able, null, able], ['From redis-cluster-2 to', 'does not tell what it can']],
  ['a donor that cannot, to a pod yet to come', [able, able, unable], ['From redis-cluster-2 to redis-cluster-3']],
])('%s is a refusal before the first change, where `atomic` is declared', (_name, servers, words) => {
  const failure = refusalOf(planFor('atomic', servers));
  expect(failure).toMatchObject({ code: 'atomic-unsupported' });
  for (const word of words) expect(failure?.details.join('\n')).toContain(word);
  expect(refusalOf(planFor('auto', servers))).toBeNull();
  expect(refusalOf(planFor('classic', servers))).toBeNull();
});

test('a pod yet to come is taken for able', () => {
  expect(refusalOf(planFor('atomic', [able, able, able]))).toBeNull();
});

test('what servers can changes no plan: its approval holds while they are updated', () => {
  const hashes = [able, unable, null].map((capabilities) => {
    const planned = planFor('auto', [capabilities, capabilities, capabilities, capabilities]);
    return planned.kind === 'plan' ? planned.plan.hash : 'refused';
  });
  expect(new Set(hashes).size).toBe(1);
  expect(hashes).not.toContain('refused');
});

/** @param keys of the slots of each move */
function secondsBy(method: Migration['method'], keys: readonly number[]): number {
  const planned = planFor(method, [able, able, able, able]);
  if (planned.kind === 'refused') throw planned.failure;
  const moves = steps(planned.plan);
  const costs = estimate(planned.plan, new Map(moves.map((step) => [step, countedOf(keys)]))).steps;
  return moves.reduce((sum, step) => sum + (costs.get(step)?.seconds ?? 0), 0);
}

test('a move by jobs of the servers is estimated at their rate, but for slots of very many keys, which go key by key', () => {
  const [even, hot] = [Array.from({ length: 100 }, () => 10_000), [1_000_000]];
  expect(secondsBy('classic', even)).toBeGreaterThan(2 * secondsBy('auto', even));
  expect(secondsBy('auto', hot)).toBe(secondsBy('classic', hot));
  expect(secondsBy('atomic', hot)).toBeLessThan(secondsBy('auto', hot));
});
