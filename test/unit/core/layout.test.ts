import { describe, expect, test } from '@jest/globals';
import { array, assert, constantFrom, integer, property, record } from 'fast-check';
import { bestAssignment } from '../../../src/core/assignment.ts';
import { type Candidate, crowds, type Seats, seat } from '../../../src/core/placement.ts';
import { matchShards } from '../../../src/core/shards.ts';
import { shareSizes } from '../../../src/core/shares.ts';
import { flow, movedSlots, type ShardWish } from '../../../src/core/slot-flow.ts';
import {
  ALL_SLOTS,
  count,
  intersect,
  isEmpty,
  minus,
  NO_SLOTS,
  parse,
  print,
  SLOT_COUNT,
  type SlotSet,
  slotSet,
  union,
} from '../../../src/core/slots.ts';
import type { Share } from '../../../src/core/topology.ts';
import { withinTolerance } from '../../../src/core/within-tolerance.ts';

const HOST = 'kubernetes.io/hostname';

describe('how many slots each share is to hold', () => {
  test.each([
    ['3 equal shares', [1, 1, 1], [5462, 5461, 5461]],
    ['4 equal shares', [1, 1, 1, 1], [4096, 4096, 4096, 4096]],
    ['2 : 1 : 1', [2, 1, 1], [8192, 4096, 4096]],
    ['one share', [7], [16384]],
    ['tiny weights', [0.001, 0.002], [5461, 10923]],
  ])('%s', (_name, weights, sizes) => {
    expect(shareSizes(weights.map((weight): Share => ({ kind: 'weight', weight })))).toEqual(sizes);
  });

  test('pinned slots count as they are, the rest goes by weight', () => {
    const shares: readonly Share[] = [
      { kind: 'slots', slots: slotsOf('0-99,200') },
      { kind: 'weight', weight: 1 },
      { kind: 'weight', weight: 1 },
    ];
    expect(shareSizes(shares)).toEqual([101, 8142, 8141]);
  });
});

describe('which slots each shard gets', () => {
  test.each([
    ['5461 5462 5461 0 → 4096 ×4', ['0-5460', '5461-10922', '10923-16383', ''], [4096, 4096, 4096, 4096], 4096],
    ['4096 ×4 → 5461 5461 5462 0', ['0-4095', '4096-8191', '8192-12287', '12288-16383'], [5461, 5461, 5462, 0], 4096],
    ['all on one → halves', ['0-16383', ''], [8192, 8192], 8192],
    ['as they are', ['0-8191', '8192-16383'], [8192, 8192], 0],
  ])('%s', (_name, owned, sizes, moved) => {
    const before = owned.map(slotsOf);
    const after = flow(before.map((slots, i) => ({ owned: slots, size: sizes[i] ?? 0, exactly: null })));
    expect(after.map(count)).toEqual(sizes);
    expect(movedSlots(before, after)).toBe(moved);
  });

  test('a new cluster gets whole ranges in the order of its shards', () => {
    const after = flow([5462, 5461, 5461].map((size) => ({ owned: NO_SLOTS, size, exactly: null })));
    expect(after.map(print)).toEqual(['0-5461', '5462-10922', '10923-16383']);
  });

  test('growing and shrinking back gives the old ranges again', () => {
    const three = ['0-5461', '5462-10922', '10923-16383'].map(slotsOf);
    const four = flow([...three, NO_SLOTS].map((owned) => wish(owned, 4096)));
    const back = flow(four.map((owned, i) => wish(owned, [5462, 5461, 5461, 0][i] ?? 0)));
    expect(back.map(print)).toEqual([...three.map(print), '']);
  });

  test('every slot is owned once, sizes are met, and only the surplus moves', () => {
    assert(
      property(anyOwners, array(integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 5 }), (before, weights) => {
        const sizes = shareSizes(weights.map((weight): Share => ({ kind: 'weight', weight })));
        const owned = sizes.map((_, i) => before[i] ?? NO_SLOTS);
        const after = flow(owned.map((slots, i) => ({ owned: slots, size: sizes[i] ?? 0, exactly: null })));
        expect(after.map(count)).toEqual(sizes);
        expect(print(union(...after))).toBe(print(ALL_SLOTS));
        const surplus = owned.reduce((sum, slots, i) => sum + Math.max(0, count(slots) - (sizes[i] ?? 0)), 0);
        expect(movedSlots(owned, after)).toBe(surplus);
        for (const [i, slots] of owned.entries()) {
          const gives = !isEmpty(minus(slots, after[i] ?? NO_SLOTS));
          const gets = !isEmpty(minus(after[i] ?? NO_SLOTS, slots));
          expect(gives && gets).toBe(false);
        }
      }),
    );
  });
});

describe('how many slots a shard really gets', () => {
  test.each([
    { name: 'all are close enough', has: [5500, 5400, 5484], shares: [5462, 5461, 5461], gets: [5500, 5400, 5484] },
    {
      name: 'the last one leaves',
      has: [4100, 4092, 4096, 4096],
      shares: [5462, 5461, 5461, 0],
      gets: [5462, 5461, 5461, 0],
    },
    {
      name: 'one leaves of many, and some have more than their share',
      has: [50, 51, 50, 1],
      shares: [50, 50, 52, 0],
      gets: [50, 51, 51, 0],
    },
    {
      name: 'one comes, and the others differ by little',
      has: [104, 96, 100, 0],
      shares: [98, 98, 98, 6],
      gets: [98, 96, 100, 6],
    },
    {
      name: 'one has too many, those that have least get them',
      has: [120, 98, 99, 83],
      shares: [100, 100, 100, 100],
      gets: [100, 100, 100, 100],
    },
    {
      name: 'one has too few, those that have most give',
      has: [103, 101, 99, 97, 90],
      shares: [98, 98, 98, 98, 98],
      gets: [98, 98, 99, 97, 98],
    },
  ])('$name', ({ has, shares, gets }) => {
    let begin = 0;
    const wishes = has.map((size, i) => {
      begin += size;
      return wish(size === 0 ? NO_SLOTS : [[begin - size, begin - 1]], shares[i] ?? 0);
    });
    expect(withinTolerance(wishes, 0.05).map(({ size }) => size)).toEqual(gets);
  });

  test('each is within the tolerance, all slots are given, and no plan of just the shares moves fewer', () => {
    const tolerances = constantFrom(0, 0.02, 0.1);
    assert(
      property(
        anyOwners,
        array(integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 5 }),
        tolerances,
        (before, weights, tolerance) => {
          const sizes = shareSizes(weights.map((weight): Share => ({ kind: 'weight', weight })));
          const wishes = sizes.map((size, i) => wish(before[i] ?? NO_SLOTS, size));
          const settled = withinTolerance(wishes, tolerance);
          expect(settled.reduce((sum, { size }) => sum + size, 0)).toBe(SLOT_COUNT);
          for (const [i, { size }] of settled.entries()) {
            const share = sizes[i] ?? 0;
            expect(Math.abs(size - share)).toBeLessThanOrEqual(tolerance * share);
          }
          const owned = wishes.map((one) => one.owned);
          expect(movedSlots(owned, flow(settled))).toBeLessThanOrEqual(movedSlots(owned, flow(wishes)));
          const again = flow(settled).map((slots, i) => wish(slots, sizes[i] ?? 0));
          expect(withinTolerance(again, tolerance).map(({ size }) => size)).toEqual(settled.map(({ size }) => size));
        },
      ),
    );
  });
});

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

function wish(owned: SlotSet, size: number): ShardWish {
  return { owned, size, exactly: null };
}

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

/** All slots dealt to up to five owners in pieces. */
const anyOwners = array(record({ owner: integer({ min: 0, max: 4 }), length: integer({ min: 1, max: 4000 }) }), {
  minLength: 1,
  maxLength: 12,
}).map((pieces): readonly SlotSet[] => {
  const owned = Array.from({ length: 5 }, (): SlotSet => NO_SLOTS);
  let first = 0;
  for (const { owner, length } of pieces) {
    const last = Math.min(SLOT_COUNT - 1, first + length - 1);
    if (first <= last) owned[owner] = union(owned[owner] ?? NO_SLOTS, slotSet([[first, last]]));
    first = last + 1;
  }
  if (first < SLOT_COUNT) owned[0] = union(owned[0] ?? NO_SLOTS, [[first, SLOT_COUNT - 1]]);
  return owned;
});

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

function slotsOf(text: string): SlotSet {
  const slots = parse(text);
  if (slots === null) throw new Error(`"${text}" is no list of slots.`);
  return slots;
}
