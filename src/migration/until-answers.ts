import type { Pod } from '../core/cluster.ts';
import { Failure } from '../core/failure.ts';
import { STEADY } from '../ports/ask.ts';
import type { Clock } from '../ports/clock.ts';
import type { Pair } from './pair.ts';

/** Milliseconds that a server which hangs may take to answer again. */
const PATIENCE = 20_000;

/** Connects anew until the pod's server answers; false when it does not within 20 s, or the run is told to stop. */
export async function untilAnswers(
  pair: Pick<Pair, 'open'>,
  pod: Pod,
  { clock, stop }: { clock: Clock; stop: AbortSignal },
): Promise<boolean> {
  const deadline = clock.now() + PATIENCE;
  while (!stop.aborted) {
    try {
      await using connection = await pair.open(pod, { signal: STEADY });
      return connection.pod === pod.name;
    } catch (thrown) {
      if (!(thrown instanceof Failure) || thrown.code !== 'redis-unreachable') throw thrown;
      if (clock.now() > deadline) return false;
    }
    await clock.sleep(500, { signal: STEADY });
  }
  return false;
}
