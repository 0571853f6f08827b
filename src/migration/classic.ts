import { each } from '../core/slots.ts';
import { moveBatch } from './batch.ts';
import { checkPath } from './canary.ts';
import { countKeys } from './count-keys.ts';
import type { Mover } from './mover.ts';
import type { Stride } from './pace.ts';

/**
 * Moves slots key by key with MIGRATE, which every version can: batch after batch, as large as the pace allows. Between
 * two batches no slot is open: there it stops when it is told to.
 */
export const moveClassic: Mover = async (pair, { slots, pace, progress, context }) => {
  const { stop, clock } = context;
  const numbers = [...each(slots)];
  const counts = await countKeys(pair, pair.donor, numbers);
  const keys = counts.reduce((sum, n) => sum + n, 0);
  progress.expect(keys);
  await checkPath(pair, numbers, clock);

  for (let begin = 0; begin < numbers.length; ) {
    stop.throwIfAborted();
    const stride = pace.stride();
    const size = batchSize(counts, begin, stride, pair.averageKey);
    await moveBatch(pair, numbers.slice(begin, begin + size), { stride, progress, clock });
    begin += size;
  }
};

/** How many slots from `begin` on fit into the stride: at least one. */
function batchSize(counts: readonly number[], begin: number, stride: Stride, averageKey: number): number {
  const bound = averageKey === 0 ? stride.keys : Math.min(stride.keys, stride.bytes / averageKey);
  let size = 0;
  let keys = 0;
  while (size < stride.slots && begin + size < counts.length) {
    keys += counts[begin + size] ?? 0;
    if (size > 0 && keys > bound) break;
    size += 1;
  }
  return size;
}
