/** How large the next piece of work is to be. */
export interface Stride {
  /** Slots that are opened, emptied and closed together. */
  readonly slots: number;
  /** Keys in one batch: it is the batch that a stop has to wait for. */
  readonly keys: number;
  /** Bytes in one batch, by the donor's average. */
  readonly bytes: number;
  readonly keysPerMigrate: number;
  /** MIGRATE blocks donor and receiver for about as long as these bytes take. */
  readonly bytesPerMigrate: number;
  /** MIGRATE commands that wait at the donor at the same time. More hide a slow link, and hold other clients up longer. */
  readonly inFlight: number;
}

/** Decides, before each batch, how fast to go on. */
export interface Pace {
  stride(): Stride;
}

/** 256 slots a batch, 100 keys a MIGRATE, 4 in flight: fast, and hard on the latency of a busy donor (docs/performance.md). */
const USUAL: Stride = {
  slots: 256,
  keys: 20_000,
  bytes: 128 * 1024 * 1024,
  keysPerMigrate: 100,
  bytesPerMigrate: 1024 * 1024,
  inFlight: 4,
};

/** The same stride all the way. */
export function constantPace(stride: Stride = USUAL): Pace {
  return { stride: () => stride };
}
