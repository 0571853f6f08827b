import { longestHandOver } from '../core/hot-slots.ts';

/** What the size of jobs rests on. */
export interface JobPace {
  /** The part of their full size that jobs have. */
  readonly speed: number;
  /** Jobs in a row, up to the last, during which PING was later than the bound. */
  readonly over: number;
}

export const FULL_SPEED: JobPace = { speed: 1, over: 0 };

/** Each job holds a server up for its own sake, however small it is: many very small ones would do so more often. */
const SLOWEST = 1 / 4;
/** From here down it is not enough that jobs are smaller. */
const SLOW = 1 / 2;
/** A single late PING may be anybody's fault, unless it is very late. */
const IN_A_ROW = 2;
const VERY_LATE = 2;

/**
 * The pace after a job during which PING took so many milliseconds longer than before at worst: half of what it was where that is too
 * long, and gently faster again.
 * @param maxLatency `migration.maxLatency`
 */
export function afterJob({ speed, over }: JobPace, worst: number, maxLatency: number): JobPace {
  const bound = longestHandOver(maxLatency);
  if (worst <= bound) return { speed: worst > bound / 2 ? speed : Math.min(1, speed * 1.5), over: 0 };
  const isSlower = over + 1 >= IN_A_ROW || worst > bound * VERY_LATE;
  return { speed: isSlower ? Math.max(SLOWEST, speed / 2) : speed, over: over + 1 };
}

/** Milliseconds of rest after a job that took so long. */
export function restAfter({ speed }: JobPace, took: number): number {
  return Math.max(0, took * (SLOW / speed - 1));
}
