import { describe, expect, test } from '@jest/globals';
import { array, assert, constantFrom, integer, property } from 'fast-check';
import { shareSizes } from '../../../src/core/shares.ts';
import { flow } from '../../../src/core/slot-flow.ts';
import {
  ALL_SLOTS,
  count,
  isEmpty,
  minus,
  NO_SLOTS,
  print,
  SLOT_COUNT,
  type SlotSet,
  union,
} from '../../../src/core/slots.ts';
import type { Share } from '../../../src/core/topology.ts';
import { withinTolerance } from '../../../src/core/within-tolerance.ts';
import { anyOwners, slotsOf, wish } from './slot-owners.ts';

/** How many slots change their owner between two layouts of the same shards. */
function movedSlots(before: readonly SlotSet[], after: readonly SlotSet[]): number {
  return before.reduce((sum, owned, i) => sum + count(minus(owned, after[i] ?? NO_SLOTS)), 0);
}

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
