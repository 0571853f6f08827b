import type { Clock } from '../ports/clock.ts';
/** How large the next piece of work is to be. */
export interface Stride {
  /** Slots that are opened, emptied and closed together. */
  readonly slots: number;
  /** Keys in one batch. */
  readonly keys: number;
  /** Bytes in one batch, by the donor's average. */
  readonly bytes: number;
  /** Never fewer than redis-cli sends. */
  readonly keysPerMigrate: number;
  /** MIGRATE blocks donor and receiver for about as long as these bytes take. */
  readonly bytesPerMigrate: number;
  /** MIGRATE commands that wait at the donor at the same time. More hide a slow link, and hold other clients up longer. */
  readonly inFlight: number;
  /** Slots that are opened in one pipeline: a server does all of it without serving anybody else in between. */
  readonly openTogether: number;
  /** Slots that are opened or closed in one go where SETSLOT waits for no replica. */
  readonly quickTogether: number;
  /** Slots that are closed in one pipeline: it costs every node of the cluster some work. */
  readonly closeTogether: number;
  /** Milliseconds of rest after each MIGRATE and each pipeline; 0 unless even the smallest steps are too much. */
  readonly rest: number;
}

/** Decides, before each step, how fast to go on. */
export interface Pace {
  stride(): Stride;
}

/** What a piece of work needs to keep to it. */
export interface Means {
  readonly clock: Clock;
  readonly pace: Pace;
}

/** What the pace rests on, of one server. Milliseconds. */
export interface PaceState {
  /** `migration.maxLatency`. */
  readonly maxLatency: number;
  /** PING to the slower of the two before anything moved: what the way there takes, and what the clients' own load does. */
  readonly roundTrip: number;
  /** The part of the full speed: from SLOWEST to 1. */
  readonly speed: number;
  /** PINGs in a row, up to the last, that were later than the bound. */
  readonly over: number;
}

const SLOWEST = 1 / 64;
/** Below it there are rests: only where the bound itself is missed by PINGs in a row. Single ones may be anybody's fault. */
const SLOW = 1 / 8;
const IN_A_ROW = 3;
/** PINGs later than this part of the bound slow the work down: what is seen is a few of many. */
const AIM = 0.4;
/** Milliseconds in which the speed doubles while all is well. By time, not by PING: a slow server answers few of them. */
const DOUBLES_IN = 350;
/** Milliseconds for which one PING can speak at most. */
const SPEAKS_FOR = 250;

/** Begins at half of the full speed. */
export function initialPace(maxLatency: number, roundTrip: number): PaceState {
  return { maxLatency, roundTrip, speed: 1 / 2, over: 0 };
}

/**
 * After one PING: gently faster, or fast slower (additive increase and multiplicative decrease of congestion control, here
 * with a gentle factor for the increase, since steps span powers of ten). At a PING each 7 ms both balance where one in fifty
 * is later than four tenths of the bound, so that the 99th percentile stays under it.
 * @param excess milliseconds that PING took longer than before anything moved. The whole time would throttle a distant
 *   runner to nothing: the round trip of its link is no fault of the move
 * @param elapsed milliseconds since the last one was heard of
 */
export function afterPing(state: PaceState, excess: number, elapsed: number): PaceState {
  const { maxLatency, speed } = state;
  const aim = maxLatency * AIM;
  if (excess <= aim) {
    const faster = 2 ** (Math.min(elapsed, SPEAKS_FOR) / DOUBLES_IN);
    return { ...state, speed: Math.min(1, speed * faster), over: 0 };
  }
  const over = excess > maxLatency ? state.over + 1 : 0;
  const slowest = over >= IN_A_ROW ? SLOWEST : Math.min(SLOW, speed);
  return { ...state, speed: Math.max(slowest, speed * Math.max(1 / 2, aim / excess)), over };
}

/** Of several servers that which bears least: all work together at its pace. */
export function slowestOf(states: readonly PaceState[]): PaceState {
  return states.reduce((slowest, state) => (state.speed < slowest.speed ? state : slowest));
}

/** Milliseconds that servers take for a key of 100 B, to open a slot, to close it, for either without waiting for replicas; what is sampled corrects them. */
const FOR_KEY = 0.02;
const TO_OPEN = 0.05;
const QUICKLY = 0.01;
const TO_CLOSE = 0.2;
const BYTES_PER_MS = 300_000;
const MOST_KEYS = 400;

/**
 * The steps of a speed. At full speed the MIGRATEs in flight together hold the donor up for about a sixth of the bound.
 * As the speed falls there are fewer keys, then fewer in flight, at last rests.
 */
export function strideOf({ maxLatency, roundTrip, speed }: PaceState): Stride {
  const turn = (maxLatency / 6) * speed;
  const atFull = 2 + Number(roundTrip > 1) + Number(roundTrip > 5);
  const inFlight = Math.max(1, Math.round(atFull * Math.min(1, speed * 2)));
  const budget = turn / atFull;
  return {
    slots: 1_024,
    keys: 20_000,
    bytes: 128 * 1024 * 1024,
    keysPerMigrate: between(10, MOST_KEYS, budget / FOR_KEY),
    bytesPerMigrate: between(16_384, 8 * 1024 * 1024, budget * BYTES_PER_MS),
    inFlight,
    openTogether: between(16, 256, turn / TO_OPEN),
    quickTogether: between(16, 1_024, turn / QUICKLY),
    closeTogether: between(8, 64, turn / TO_CLOSE),
    rest: speed >= SLOW ? 0 : Math.round(1 / speed / 4),
  };
}

/**
 * The same where each MIGRATE waits so many milliseconds for the receiver: it holds the donor up for that long anyhow, so it sends
 * as many keys as take as long again. What is in flight beyond the next one would only make others wait.
 */
export function overHop(stride: Stride, hop: number): Stride {
  const keys = Math.min(MOST_KEYS, Math.round(hop / FOR_KEY));
  if (keys <= stride.keysPerMigrate) return stride;
  return { ...stride, keysPerMigrate: keys, inFlight: Math.min(2, stride.inFlight) };
}

function between(least: number, most: number, value: number): number {
  return Math.min(most, Math.max(least, Math.round(value)));
}

/** The same stride all the way, as at full speed on a quiet cluster. */
export function constantPace(maxLatency = 20): Pace {
  const stride = strideOf({ ...initialPace(maxLatency, 0), speed: 1 });
  return { stride: () => stride };
}
