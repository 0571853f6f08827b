import { setTimeout as wait } from 'node:timers/promises';
import type { Clock } from '../../ports/clock.ts';

/** The machine's own time. */
export const systemClock: Clock = {
  /** With fractions, since latencies are measured with it too; and steady, where the time of day may jump. */
  now: () => performance.timeOrigin + performance.now(),
  async sleep(milliseconds, { signal }) {
    try {
      await wait(milliseconds, undefined, { signal });
    } catch (thrown) {
      // Node wraps the reason into an AbortError; who stopped us, and why, is in the reason.
      signal.throwIfAborted();
      throw thrown;
    }
  },
};
