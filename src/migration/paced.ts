import type { StepContext } from '../ports/context.ts';
import { STEADY } from '../servers/ask.ts';
import { followLatency } from './latency.ts';
import type { Mover, PacedMover } from './mover.ts';
import { openForSetSlot } from './pair.ts';

/** Gives a mover that opens slots what it needs besides: connections for SETSLOT, and a pace that donor and receiver bear. */
export function paced(mover: PacedMover, context: Pick<StepContext, 'clock' | 'redis' | 'tell' | 'topology'>): Mover {
  return async (pair, work) => {
    await using wide = await openForSetSlot(pair, { signal: STEADY });
    await using pace = await followLatency(wide, context);
    await mover(wide, { ...work, pace });
  };
}
