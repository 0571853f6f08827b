import { expect, test } from '@jest/globals';
import { bytesOf } from '../../../../src/adapters/kubernetes/quantity.ts';

test.each([
  ['512Mi', 536_870_912],
  ['1.5Gi', 1_610_612_736],
  ['1G', 1_000_000_000],
  ['128974848', 128_974_848],
  ['129e6', 129_000_000],
  ['1E', 1e18],
  ['100m', 1],
  [64, 64],
  ['0', 0],
])('%s is %d bytes', (quantity, bytes) => {
  expect(bytesOf(quantity)).toBe(bytes);
});

test.each(['', 'much', '1 Gi', '1gi', 'Mi'])('"%s" is no quantity', (quantity) => {
  expect(bytesOf(quantity)).toBeNull();
});
