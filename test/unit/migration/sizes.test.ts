import { describe, expect, test } from '@jest/globals';
import { array, assert, integer, nat, property, record } from 'fast-check';
import { packs } from '../../../src/migration/sizes.ts';

function sizesIn(sizes: readonly number[], bounds: { keys: number; bytes: number }): readonly (readonly number[])[] {
  const keys = sizes.map((_, i) => Buffer.from(String(i)));
  return packs(keys, sizes, bounds).map((pack) => pack.keys.map((key) => sizes[Number(key.toString())] ?? -1));
}

describe('keys are parted into MIGRATEs', () => {
  test.each([
    ['all in one where they fit', [10, 10, 10], [[10, 10, 10]]],
    ['all in one where a rest would be less than half of one', [1, 1, 1, 1, 1], [[1, 1, 1, 1, 1]]],
    [
      'by number, equally many each',
      [1, 1, 1, 1, 1, 1, 1],
      [
        [1, 1, 1, 1],
        [1, 1, 1],
      ],
    ],
    ['one by one', [1, 1, 1], [[1], [1], [1]], 1],
    ['by bytes', [60, 30, 20, 90], [[60, 30], [20], [90]]],
    ['a large one alone, between others', [5, 5_000, 5, 5], [[5], [5_000], [5, 5]]],
    ['none where there is none', [], []],
  ])('%s', (_, sizes, expected, keys = 4) => {
    expect(sizesIn(sizes, { keys, bytes: 100 })).toEqual(expected);
  });

  test('in their order, each in one part, and no part of several keys over the bounds, but for half as many keys more', () => {
    const bounds = record({ keys: integer({ min: 1, max: 20 }), bytes: integer({ min: 1, max: 10_000 }) });
    assert(
      property(array(nat(5_000)), bounds, (sizes, most) => {
        const parts = sizesIn(sizes, most);
        expect(parts.flat()).toEqual(sizes);
        for (const part of parts) {
          expect(part.length).toBeLessThanOrEqual(Math.ceil(1.5 * most.keys));
          const bytes = part.reduce((sum, size) => sum + size, 0);
          expect(part.length === 1 || bytes <= most.bytes).toBe(true);
        }
      }),
    );
  });
});
