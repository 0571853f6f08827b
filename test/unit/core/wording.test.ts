import { expect, test } from '@jest/globals';
import { parse, print, slotsOfNumbers } from '../../../src/core/slots.ts';
import { firstSlots } from '../../../src/core/wording.ts';

test('a list of slots is shortened between its ranges, never inside of a number', () => {
  const all = print(slotsOfNumbers(Array.from({ length: 40 }, (_, i) => 10_000 + 7 * i)));
  for (let most = 12; most < 100; most += 1) {
    const shown = firstSlots(all, most);
    expect(shown.length).toBeLessThanOrEqual(most + 2);
    expect(all.startsWith(shown.replace('…', ''))).toBe(true);
    expect(parse(shown.replace(',…', ''))).not.toBeNull();
    expect(
      shown
        .replace(',…', '')
        .split(',')
        .every((slot) => slot.length === 5),
    ).toBe(true);
  }
  expect(firstSlots('0-99,200', 60)).toBe('0-99,200');
});
