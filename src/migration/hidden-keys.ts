import { Failure } from '../core/failure.ts';
import { meaningOf } from '../core/server-errors.ts';
import type { SlotSet } from '../core/slots.ts';
import type { StepContext } from '../ports/context.ts';
import { STEADY } from '../servers/ask.ts';
import { viewOf } from '../servers/views.ts';
import { refuseStrayKeys } from './batch.ts';
import { sumByScript } from './count-script.ts';
import { keysTold } from './databases.ts';
import type { Begun } from './mover.ts';
import { constantPace } from './pace.ts';
import type { Pair, Side } from './pair.ts';
import { setSlots } from './setslot.ts';

/** Milliseconds that a server may take to throw away what a job has moved or has left: as long as a job itself may. */
const PATIENCE = 60_000;

type Context = Pick<StepContext, 'clock' | 'stop'>;

/**
 * As `refuseStrayKeys`, for a receiver that counts keys only of slots that it owns or marks, which Redis does from 8.4 on: an import
 * throws all others away without a word, be they the only ones. So the slots are marked while it counts. Those that an interrupted
 * move has marked stay so: clients find by it what has moved.
 */
export async function refuseHiddenKeys(
  pair: Pair,
  slots: readonly number[],
  { context, begun: { unseen } }: { readonly context: Context; readonly begun: Begun },
): Promise<void> {
  const { importing, me } = await viewOf(pair.receiver.main, { signal: STEADY });
  if (await holdsOnly(me.slots, pair.receiver)) return;
  const closed = slots.filter((slot) => !importing.has(slot));
  for (const slot of closed) unseen.add(slot);
  try {
    await mark(pair, closed, context);
    await refuseStrayKeys(pair, slots, context.clock);
  } finally {
    await unmark(pair, closed, context);
    for (const slot of closed) unseen.delete(slot);
  }
}

/** Whether all that it has is in these slots; false where no script may tell. */
async function holdsOnly(own: SlotSet, { main }: Side): Promise<boolean> {
  const counted = await sumByScript(main, own);
  return counted !== null && counted.keys === keysTold(counted.keyspace, main.pod);
}

/** No slot can be marked whose keys the server still throws away: these are not strays. */
async function mark({ donor, receiver }: Pair, slots: readonly number[], { clock, stop }: Context): Promise<void> {
  const deadline = clock.now() + PATIENCE;
  for (;;) {
    try {
      await setSlots(receiver, slots, ['IMPORTING', donor.id], { clock, pace: constantPace() });
      return;
    } catch (thrown) {
      if (!isTrimming(thrown) || clock.now() > deadline) throw thrown;
    }
    await clock.sleep(100, { signal: stop });
  }
}

function isTrimming(thrown: unknown): boolean {
  return thrown instanceof Failure && meaningOf(thrown.message) === 'trim-pending';
}

/** Servers begin no job while a slot is marked. Not all are where marking has failed. */
async function unmark({ receiver }: Pair, slots: readonly number[], { clock }: Context): Promise<void> {
  const { importing } = await viewOf(receiver.main, { signal: STEADY });
  const marked = slots.filter((slot) => importing.has(slot));
  await setSlots(receiver, marked, ['STABLE'], { clock, pace: constantPace() });
}
