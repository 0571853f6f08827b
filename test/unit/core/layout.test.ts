import { describe, expect, test } from '@jest/globals';
import { array, assert, constantFrom, integer, property, record } from 'fast-check';
import { bestAssignment } from '../../../src/core/assignment.ts';
import { type Candidate, crowds, type Seats, seat } from '../../../src/core/placement.ts';
import { matchShards } from '../../../src/core/shards.ts';
import { shareSizes } from '../../../src/core/shares.ts';
import { count, intersect, isEmpty, minus, NO_SLOTS, print, type SlotSet, union } from '../../../src/core/slots.ts';
import type { Share } from '../../../src/core/topology.ts';
import { anyOwners, slotsOf } from './slot-owners.ts';

const HOST = 'kubernetes.io/hostname';

describe('which live shard goes on as which share', () => {
  test('keeps as many slots as any assignment can, weights and pinned slots mixed', () => {
    const share = constantFrom<Share>(
      { kind: 'weight', weight: 1 },
      { kind: 'weight', weight: 3 },
      { kind: 'slots', slots: slotsOf('0-999') },
      { kind: 'slots', slots: slotsOf('8000-9999') },
    );
    assert(
      property(anyOwners, array(share, { minLength: 1, maxLength: 5 }), (owned, drawn) => {
        const shares = [...withoutTwins(drawn), { kind: 'weight', weight: 2 } as const];
        const live = owned.flatMap((slots, i) =>
          isEmpty(slots) || i >= shares.length
            ? []
            : [{ primary: `c-${i}`, slots, copiesMissing: 0, primaryLeaves: false, density: 1 }],
        );
        const sizes = shareSizes(shares);
        const pinned = union(...shares.map((one) => (one.kind === 'slots' ? one.slots : NO_SLOTS)));
        const kept = (i: number, slots: SlotSet): number => {
          const one = shares[i];
          return one?.kind === 'slots'
            ? count(intersect(slots, one.slots))
            : Math.min(sizes[i] ?? 0, count(minus(slots, pinned)));
        };
        const matched = matchShards(shares, sizes, live);
        expect(matched.filter((shard) => shard !== null)).toHaveLength(live.length);
        const got = matched.reduce((sum, shard, i) => sum + (shard === null ? 0 : kept(i, shard.slots)), 0);
        const best = Math.max(
          ...permutations(shares.map((_, i) => i)).map((order) =>
            live.reduce((sum, shard, i) => sum + kept(order[i] ?? 0, shard.slots), 0),
          ),
        );
        expect(got).toBe(best);
      }),
      { numRuns: 60 },
    );
  });

  test('of too many shards the one leaves whose pods leave', () => {
    const live = [shardOf('c-0', '0-8191', 0), shardOf('c-4', '8192-12287', 2), shardOf('c-2', '12288-16383', 0)];
    const equal: readonly Share[] = [
      { kind: 'weight', weight: 1 },
      { kind: 'weight', weight: 1 },
    ];
    expect(matchShards(equal, [8192, 8192], live).map((one) => one?.primary)).toEqual(['c-0', 'c-2']);
  });

  test('a failover is had sooner than slots that move, be they ever so light', () => {
    const light = { density: 2 ** -6 };
    const live = [
      { ...shardOf('c-0', '0-99', 0), ...light },
      { ...shardOf('c-9', '100-209', 0), ...light, primaryLeaves: true },
      shardOf('c-1', '210-16383', 0),
    ];
    const shares: readonly Share[] = [
      { kind: 'weight', weight: 1 },
      { kind: 'weight', weight: 2 },
    ];
    expect(matchShards(shares, shareSizes(shares), live).map((one) => one?.primary)).toEqual(['c-9', 'c-1']);
  });

  test('the assignment is the best of all', () => {
    const gains = array(array(integer({ min: -50, max: 50 }), { minLength: 5, maxLength: 5 }), {
      minLength: 1,
      maxLength: 5,
    });
    assert(
      property(gains, (gain) => {
        const sum = (columns: readonly number[]): number =>
          gain.reduce((total, row, i) => total + (row[columns[i] ?? 0] ?? 0), 0);
        const best = Math.max(...permutations([0, 1, 2, 3, 4]).map((order) => sum(order)));
        const chosen = bestAssignment(gain);
        expect(new Set(chosen).size).toBe(gain.length);
        expect(sum(chosen)).toBe(best);
      }),
    );
  });
});

describe('which pods serve a shard', () => {
  test('a primary and its replica on one node exchange replicas with another shard, and nobody else moves', () => {
    const pods = ['a', 'b', 'c', 'a', 'c', 'b'].map((host, i) => candidate(`c-${i}`, host));
    const shards: readonly Seats[] = [0, 1, 2].map((i) => ({ primary: `c-${i}`, replicas: [`c-${i + 3}`] }));
    const seated = seat(shards, pods, { replicas: 1, spreadBy: [HOST] });
    expect(seated.map(({ primary }) => primary)).toEqual(['c-0', 'c-1', 'c-2']);
    expect(seated.filter(({ replicas }, i) => replicas[0] !== `c-${i + 3}`)).toHaveLength(2);
    expect(crowdedPairs(seated, pods)).toBe(0);
  });

  test('is as good as the best of all ways to seat the replicas, and never worse than before', () => {
    const hosts = array(constantFrom('a', 'b', 'c'), { minLength: 8, maxLength: 8 });
    assert(
      property(record({ hosts, shards: integer({ min: 1, max: 4 }) }), ({ hosts: on, shards: n }) => {
        const pods = on.slice(0, 2 * n).map((host, i) => candidate(`c-${i}`, host));
        const now = Array.from({ length: n }, (_, i) => ({ primary: `c-${i}`, replicas: [`c-${n + i}`] }));
        const after = seat(now, pods, { replicas: 1, spreadBy: [HOST] });
        const all = permutations(Array.from({ length: n }, (_, i) => `c-${n + i}`)).map((order) =>
          crowdedPairs(
            now.map(({ primary }, i) => ({ primary, replicas: [order[i] ?? ''] })),
            pods,
          ),
        );
        expect(new Set(after.flatMap(({ primary, replicas }) => [primary, ...replicas])).size).toBe(2 * n);
        expect(crowdedPairs(after, pods)).toBe(Math.min(...all));
      }),
    );
  });

  test('blank pods become the primaries of new shards, each on a node with few primaries', () => {
    const pods = [
      candidate('c-0', 'a'),
      candidate('c-1', 'b'),
      candidate('c-2', 'a', { blank: true }),
      candidate('c-3', 'c', { blank: true }),
    ];
    const seated = seat([{ primary: 'c-0', replicas: ['c-1'] }, NOBODY], pods, { replicas: 1, spreadBy: [HOST] });
    expect(seated).toEqual([
      { primary: 'c-0', replicas: ['c-1'] },
      { primary: 'c-3', replicas: ['c-2'] },
    ]);
  });
});

function shardOf(primary: string, slots: string, copiesMissing: number) {
  return { primary, slots: slotsOf(slots), copiesMissing, primaryLeaves: copiesMissing > 0, density: 1 };
}

function candidate(pod: string, host: string, more: Partial<Candidate> = {}): Candidate {
  return { pod, domains: { [HOST]: host }, blank: false, replicates: null, ...more };
}

const NOBODY: Seats = { primary: null, replicas: [] };

function crowdedPairs(
  seated: readonly { primary: string; replicas: readonly string[] }[],
  pods: readonly Candidate[],
): number {
  const domainsOf = (pod: string) => pods.find((one) => one.pod === pod)?.domains ?? {};
  return seated.reduce((sum, shard) => sum + crowds(shard, domainsOf, [HOST]).length, 0);
}

/** Each pinned set once: shares must not overlap. */
function withoutTwins(shares: readonly Share[]): readonly Share[] {
  const pinned = new Set<string>();
  return shares.filter((share) => {
    if (share.kind === 'weight') return true;
    const text = print(share.slots);
    return !pinned.has(text) && pinned.add(text) !== undefined;
  });
}

function permutations<T>(values: readonly T[]): readonly (readonly T[])[] {
  if (values.length < 2) return [values];
  return values.flatMap((value, i) => permutations(values.toSpliced(i, 1)).map((rest) => [value, ...rest]));
}
