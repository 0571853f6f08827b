import { expect, test } from '@jest/globals';
import { Progress } from '../../../src/migration/progress.ts';

test('slots that are moved before the others count as a part of the whole move', () => {
  const clock = { now: () => 0, sleep: async () => undefined };
  const progress = new Progress({ from: 'a', to: 'b', slots: [[0, 999]] }, { clock, tell: () => undefined });
  expect(progress.slotsDone).toBe(0);
  progress.slotsLeft([10, 11], { among: [[10, 12]] });
  expect(progress.slotsDone).toBe(1);
  progress.movedSlots([10, 11]);
  expect(progress.slotsDone).toBe(3);
  progress.slotsLeft([11, 500], { among: [[0, 999]] });
  expect(progress.slotsDone).toBe(998);
});
