import type { Cluster } from '../core/cluster.ts';
import type { Tell } from '../core/events.ts';
import type { Topology } from '../core/topology.ts';
import type { Clock } from './clock.ts';
import type { Kubernetes } from './kubernetes.ts';
import type { Redis } from './redis.ts';

/** What a step has at hand while it runs. */
export interface StepContext {
  readonly topology: Topology;
  /** The cluster as it was seen just before the step's stage. */
  readonly cluster: Cluster;
  readonly redis: Redis;
  readonly kubernetes: Kubernetes;
  readonly clock: Clock;
  /**
   * Aborted when the run is to stop. A step then ends at its next safe point (no open slot, no half-made node) by
   * throwing the signal's reason; it does not drop what it holds.
   */
  readonly stop: AbortSignal;
  /**
   * Aborted when this process may be ended from outside, or somebody else may begin: what is to be left in order has seconds. `stop` alone
   * is aborted where another step of the stage has failed.
   */
  readonly hurry: AbortSignal;
  readonly tell: Tell;
}
