import { describe, expect, test } from '@jest/globals';
import type { Cluster } from '../../../src/core/cluster.ts';
import { type Plan, steps } from '../../../src/plan/plan.ts';
import { differenceBlock } from '../../../src/report/difference.ts';
import type { Step } from '../../../src/steps/index.ts';
import { clusterOf, planOf, topologyOf } from './reported.ts';

const three = clusterOf({ shards: 3, replicas: 1 });
const grow = planOf(topologyOf(4), three);
const [first, second] = ['redis-cluster-0', 'redis-cluster-1'];

/** What stands between the fences. */
function difference(approved: Plan | readonly Step[], now: Plan, unbound: readonly string[] = []): readonly string[] {
  const shown =
    'stages' in approved ? { steps: steps(approved), unbound: approved.unbound } : { steps: approved, unbound };
  const block = differenceBlock({ where: '#7', hash: '0123456789ab', ...shown }, now);
  expect(block.filter((line) => line.startsWith('```'))).toEqual(['```diff', '```']);
  return block.slice(block.indexOf('```diff') + 1, block.lastIndexOf('```'));
}

function removed(pod: string): Step {
  return { kind: 'remove', pod };
}

function withSlots(...bounds: readonly [number, number][]): Cluster {
  return clusterOf({ shards: bounds.length, replicas: 1, slots: bounds.map((bound) => [bound]) });
}

describe('the difference of two plans', () => {
  test('names what went and what came, one after the other where it is about the same pods', () => {
    const moved = planOf(topologyOf(4), withSlots([0, 5_999], [6_000, 10_922], [10_923, 16_383]));
    expect(difference(grow, moved)).toEqual([
      '@@ 3 steps as approved @@',
      '  Join redis-cluster-7 to the cluster',
      '  Make redis-cluster-7 a replica of redis-cluster-6',
      '- Move 1,365 slots (0-1364) from redis-cluster-0 to redis-cluster-6',
      '+ Move 1,904 slots (0-1903) from redis-cluster-0 to redis-cluster-6',
      '  Move 827 slots (6000-6826) from redis-cluster-1 to redis-cluster-6 (left of an approved step)',
      '  Move 1,365 slots (10923-12287) from redis-cluster-2 to redis-cluster-6',
    ]);
  });

  test('of plans that have nothing in common is all of both', () => {
    const lines = difference(grow, planOf(topologyOf(2), three));
    const came = lines.filter((line) => line.startsWith('+'));
    expect(lines.filter((line) => line.startsWith('-'))).toHaveLength(steps(grow).length);
    expect(came).toHaveLength(lines.length - steps(grow).length);
    expect(came).toContain('+ Scale the StatefulSet from 6 to 4 pods');
  });

  test('leaves out no step that went, whether it stood before, between or behind what is left', () => {
    const now = planOf(topologyOf(3), withSlots([0, 6_999], [7_000, 10_922], [10_923, 16_383]));
    const [move, ...others] = steps(now);
    if (move === undefined || others.length > 0) throw new Error('One move was to be due.');
    expect(difference([removed('redis-cluster-3'), move, removed('redis-cluster-4')], now)).toEqual([
      '- Remove redis-cluster-3 from the cluster',
      `  Move 1,538 slots (0-1537) from ${first} to ${second}`,
      '- Remove redis-cluster-4 from the cluster',
    ]);
  });

  test('says of a step that is done that it is, not that it went', () => {
    const now = planOf(topologyOf(3), withSlots([0, 5_999], [6_000, 10_922], [10_923, 16_383]));
    const done: Step = { kind: 'move-slots', from: first, to: second, slots: '6000-6100', count: 101 };
    expect(difference([done], now)[0]).toBe(`  Move 101 slots (6000-6100) from ${first} to ${second} (done)`);
  });

  test('does not count that new pods exchanged their roles', () => {
    const swapped = steps(grow).map((step) =>
      step.kind === 'replicate' ? { ...step, pod: 'redis-cluster-6', primary: 'redis-cluster-7' } : step,
    );
    const moves = swapped.map((step) => (step.kind === 'move-slots' ? { ...step, to: 'redis-cluster-7' } : step));
    const lines = difference(moves, grow, grow.unbound);
    expect(lines.filter((line) => /^[+-]/.test(line))).toEqual([]);
  });

  test('ends before it is longer than anybody reads', () => {
    const many = planOf(topologyOf(260), clusterOf({ shards: 200, replicas: 1 }));
    const lines = difference([], many);
    expect(lines).toHaveLength(301);
    expect(lines.at(-1)).toBe(`@@ and ${(steps(many).length - 300).toLocaleString('en')} more lines @@`);
  });

  test('cannot be ended by what stands in it', () => {
    expect(difference([removed('x\n```\n# big <img>')], grow)).toContain(
      "  Remove x ''' # big <img> from the cluster (done)",
    );
  });
});
