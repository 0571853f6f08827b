import { systemClock } from '../../src/adapters/process/clock.ts';
import type { Clock } from '../../src/ports/clock.ts';

/** So many times as fast as others: what waits for seconds waits for a fraction. */
export function fastClock(times: number): Clock {
  return {
    now: () => systemClock.now() * times,
    sleep: (milliseconds, options) => systemClock.sleep(milliseconds / times, options),
  };
}
