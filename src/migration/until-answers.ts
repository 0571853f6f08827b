import { Failure } from '../core/failure.ts';
import type { Clock } from '../ports/clock.ts';
import { STEADY } from '../servers/ask.ts';
import { viewOf } from '../servers/views.ts';
import type { Pair } from './pair.ts';

/** Milliseconds that a server which hangs may take to answer again. */
const PATIENCE = 20_000;

/**
 * Connects anew until the receiver's server answers; false when it does not within 20 s, when the donor holds it for failed, so
 * that a replica takes over and clients are to be sent there, or when the run is told to stop.
 */
export async function untilAnswers(
  { donor, receiver, open }: Pick<Pair, 'donor' | 'receiver' | 'open'>,
  { clock, stop }: { clock: Clock; stop: AbortSignal },
): Promise<boolean> {
  const deadline = clock.now() + PATIENCE;
  while (!stop.aborted) {
    try {
      await using connection = await open(receiver.pod, { signal: STEADY });
      return connection.pod === receiver.pod.name;
    } catch (thrown) {
      if (!(thrown instanceof Failure) || thrown.code !== 'redis-unreachable') throw thrown;
      const { nodes } = await viewOf(donor.main, { signal: STEADY });
      if (clock.now() > deadline || nodes.get(receiver.id)?.health === 'failed') return false;
    }
    await clock.sleep(500, { signal: STEADY });
  }
  return false;
}
