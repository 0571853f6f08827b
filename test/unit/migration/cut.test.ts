import { expect, test } from '@jest/globals';
import { array, assert, integer, property } from 'fast-check';
import { cut, Pieces } from '../../../src/migration/cut.ts';

function sizes(counts: readonly number[], most: number): readonly number[] {
  const slots = counts.map((_, slot) => slot);
  return cut(slots, counts, most).map(({ keys }) => keys);
}

test.each<[string, readonly number[], number, readonly number[]]>([
  ['no slots', [], 10, []],
  ['slots without keys go together', [0, 0, 0], 10, [0]],
  ['what fits goes together', [4, 3, 3], 10, [10]],
  ['what does not is halved', [4, 4, 4, 4], 10, [8, 8]],
  ['a slot over the bound is a piece', [1, 100, 1, 1], 50, [101, 2]],
  ['empty slots at the end join the last piece', [5, 5, 0, 0], 5, [5, 5]],
])('%s', (_name, counts, most, wanted) => {
  expect(sizes(counts, most)).toEqual(wanted);
});

test('pieces hold every slot once, in order, and exceed the bound by less than the keys of one slot', () => {
  const counts = array(integer({ min: 0, max: 500 }), { maxLength: 300 });
  assert(
    property(counts, integer({ min: 1, max: 5_000 }), (keys, most) => {
      const slots = keys.map((_, slot) => slot);
      const pieces = cut(slots, keys, most);
      expect(pieces.flatMap((piece) => piece.slots)).toEqual(slots);
      for (const piece of pieces) {
        expect(piece.keys).toBe(piece.slots.reduce((sum, slot) => sum + (keys[slot] ?? 0), 0));
        expect(piece.keys - Math.max(0, ...piece.slots.map((slot) => keys[slot] ?? 0))).toBeLessThanOrEqual(most);
      }
      const total = keys.reduce((sum, n) => sum + n, 0);
      expect(pieces.length).toBeLessThanOrEqual(Math.max(1, Math.ceil(total / most)));
    }),
  );
});

test('piece after piece the slots are cut as at once, and smaller from where on the bound is', () => {
  const counts = [4, 4, 4, 4, 4, 4];
  const pieces = new Pieces([0, 1, 2, 3, 4, 5], counts);
  expect(pieces.next(12)).toEqual({ slots: [0, 1, 2], keys: 12 });
  expect(pieces.left).toEqual([3, 4, 5]);
  expect(pieces.next(4)).toEqual({ slots: [3], keys: 4 });
  expect(pieces.next(12)).toEqual({ slots: [4, 5], keys: 8 });
  expect(pieces.next(12)).toBeUndefined();
});
