import type { AtomicCommand } from './capabilities.ts';

/** How many times `migration.maxLatency` a hand-over may hold clients up: it does so once, and not again and again. */
const ONCE = 2.5;

/** Measured: a donor of Valkey deletes what a job has moved at once, and serves nobody meanwhile. */
const KEYS_PER_MS = 1_000;

/**
 * Milliseconds that the hand-over of a job may hold clients up.
 * @param maxLatency `migration.maxLatency`
 */
export function longestHandOver(maxLatency: number): number {
  return maxLatency * ONCE;
}

/**
 * Whether a slot, which no job can be smaller than, has so many keys that its hand-over would take too long: then it is moved key by
 * key where that may be. Redis deletes what has moved bit by bit.
 */
export function isHot(keys: number, command: AtomicCommand, maxLatency: number): boolean {
  return command === 'MIGRATESLOTS' && keys > longestHandOver(maxLatency) * KEYS_PER_MS;
}
