import { Failure, type FailureCode, mayPass } from '../core/failure.ts';
import type { StepContext } from '../ports/context.ts';
import { STEADY } from '../servers/ask.ts';
import type { Move } from './progress.ts';

/** Milliseconds that lost connections may take to come back. */
const PATIENCE = 60_000;
/** The same when the run is to stop: GitHub gives it 10 s from the first signal to the last. */
const LAST_CALL = 5_000;
/** Milliseconds before the next attempt: more and more. After a failover the new primary hides keys from clients until then. */
const PAUSE = 50;
const LONGEST_PAUSE = 500;

/** Whether the connection to a pod was lost, or the way to it through the API server. */
export const isUnreached = mayPass;

/** What a mover ends with when a server has changed its role under it. */
const BY_FAILOVER: readonly FailureCode[] = ['migration-failed', 'changed-meanwhile', 'redis-error'];

/** How often in a row connections may be lost without a single slot moved. */
const MOST = 10;

interface Attempts {
  /** How many slots have moved so far. */
  readonly slotsDone: () => number;
  /** After a failure that a failover may have caused: whether donor and receiver are still the same. */
  readonly isOver: () => Promise<boolean>;
  /** Is told whether slots may be open from an earlier one, and calls `stands` when it has its connections. */
  readonly attempt: (connections: { isAgain: boolean; stands: () => void }) => Promise<void>;
}

/**
 * Makes the attempt again where connections are lost in its middle, or a shard has another primary: nobody knows then what
 * the servers have done, so the attempt has to look at the slots anew, which every mover does. Ends with the loss when
 * connections do not stand again within a minute, or stand and get nothing done. A pod that cannot be reached in the
 * first place is not waited for.
 */
export async function throughLosses(
  move: Pick<Move, 'from' | 'to'>,
  context: Pick<StepContext, 'clock' | 'stop' | 'tell'>,
  { slotsDone, isOver, attempt }: Attempts,
): Promise<void> {
  const { clock, stop, tell } = context;
  let hasStood = false;
  let lostAt: number | null = null;
  let inVain = 0;
  for (let pause = PAUSE; ; pause = Math.min(LONGEST_PAUSE, 2 * pause)) {
    const before = slotsDone();
    let stood = false;
    const stands = (): void => {
      stood = true;
      lostAt = null;
    };
    try {
      return await attempt({ isAgain: hasStood, stands });
    } catch (thrown) {
      if (!(thrown instanceof Failure) || isStop(thrown, stop) || !(await isLoss(thrown, isOver))) throw thrown;
      hasStood ||= stood;
      if (!hasStood) throw thrown;
      lostAt ??= clock.now();
      if (stood) inVain = slotsDone() > before ? 0 : inVain + 1;
      if (clock.now() - lostAt > (stop.aborted ? LAST_CALL : PATIENCE) || inVain > MOST)
        throw inTheMiddle(move, thrown);
      tell({ kind: 'note', text: `${thrown.message} Connecting again, to go on from what both servers say.` });
      await clock.sleep(pause, { signal: STEADY });
    }
  }
}

/** Another move of the stage may have ended by a loss, which is then this one's reason to stop and no loss of its own. */
function isStop(failure: Failure, stop: AbortSignal): boolean {
  return stop.aborted && (failure === stop.reason || failure.cause === stop.reason);
}

async function isLoss(failure: Failure, isOver: () => Promise<boolean>): Promise<boolean> {
  if (isUnreached(failure)) return true;
  if (!BY_FAILOVER.includes(failure.code)) return false;
  try {
    return !(await isOver());
  } catch (thrown) {
    // Nobody leads the shard just now.
    if (isUnreached(thrown)) return true;
    throw thrown;
  }
}

function inTheMiddle({ from, to }: Pick<Move, 'from' | 'to'>, cause: Failure): Failure {
  return new Failure(cause.code, `The move of slots from ${from} to ${to} was cut off. ${cause.message}`, {
    remedy: `${cause.remedy} The next apply goes on from what both servers say.`,
    details: [...cause.details, 'Slots may be open: clients are served from both sides, no key is lost.'],
    cause,
  });
}
