import { describe, expect, test } from '@jest/globals';
import { type Costs, mend } from '../../../src/core/exchange.ts';

/** Pods are named for their Kubernetes node and zone: `12 a 3` is the third of node 12 in zone a. */
const HOST = 0;
const ZONE = 1;

/** Counts how often it is asked. */
class Counted implements Costs {
  asked = 0;

  crowding(pods: readonly string[]): number {
    return pods.reduce((sum, pod, i) => sum + this.crowdingWith(pods.slice(0, i), pod), 0);
  }

  crowdingWith(others: readonly string[], pod: string): number {
    this.asked += 1;
    const sharing = (label: number) => others.filter((other) => other.split(' ')[label] === pod.split(' ')[label]);
    return sharing(HOST).length * 64 + sharing(ZONE).length;
  }

  kindOf(pod: string): string {
    return pod.split(' ').slice(0, 2).join(' ');
  }

  isBlank(): boolean {
    return false;
  }
}

function groupsOf(shards: number, members: number, zoneOf: (node: number) => string): string[][] {
  const pods = Array.from({ length: shards * members }, (_, i) => `${i % 40} ${zoneOf(i % 40)} ${i}`);
  return Array.from({ length: shards }, (_, i) => pods.filter((_pod, n) => n % shards === i));
}

describe('shards that no exchange of replicas spreads are left after few questions', () => {
  test.each([
    ['one zone is left for 500 shards of 2', 500, 2, () => 'a'],
    ['one zone is left for 333 shards of 3', 333, 3, () => 'a'],
    ['nine of ten nodes are in one zone, 500 shards of 2', 500, 2, (node: number) => (node > 35 ? 'b' : 'a')],
  ])('%s', (_case, shards, members, zoneOf) => {
    const costs = new Counted();
    mend(groupsOf(shards, members, zoneOf), costs);
    // For every seat about as many as there are Kubernetes nodes. A look at every pair of seats would be 250,000 a shard.
    expect(costs.asked).toBeLessThan(shards * (members - 1) * 40 * 5);
  });
});

test('an exchange among three is found where no two shards can help each other', () => {
  // Only `6 b` relieves the first, in whose place `2 a` would share a Kubernetes node; the second takes that, and gives `4 a`.
  const groups = [
    ['1 a 0', '2 a 1'],
    ['3 b 2', '4 a 3'],
    ['7 b 4', '2 a 5', '6 b 6'],
  ];
  mend(groups, new Counted());
  expect(groups).toEqual([
    ['1 a 0', '6 b 6'],
    ['3 b 2', '2 a 1'],
    ['7 b 4', '2 a 5', '4 a 3'],
  ]);
});
