import type { Cluster } from '../core/cluster.ts';
import type { Layout } from '../core/layout.ts';
import type { Topology } from '../core/topology.ts';
import type { Fields } from './fields.ts';

/** What must be so when a step runs: flat, by pod names; enters the plan's hash. */
export type Facts = Readonly<Record<string, string | number | boolean>>;

/** What the steps lead to. */
export interface Target {
  readonly topology: Topology;
  readonly layout: Layout;
}

/** What every kind of step must be able to say. All of it pure. */
export interface StepKind<S> {
  /**
   * What the step rests on; compared just before it runs. Nothing that servers change by themselves: a primary that gave
   * its last slot away may have become a replica of the receiver (cluster-allow-replica-migration), and its replicas too.
   */
  facts(step: S, before: Cluster): Facts;
  /** The cluster once the step is done, by thought alone. */
  after(step: S, before: Cluster): Cluster;
  /** Whether the cluster as seen is as the step leaves it. */
  isDone(step: S, now: Cluster): boolean;
  /** Whether `now` is `approved` or the part of it that is left. */
  covers(approved: S, now: S): boolean;
  /** One line: `Move 1,365 slots (0-1364) from redis-cluster-0 to redis-cluster-6`. */
  words(step: S): string;
  /** The same step with other pods: those that did not exist yet may exchange their roles. */
  rename(step: S, name: (pod: string) => string): S;
  /** The step as it stands in a plan's JSON, which comes from outside; null where that is not such a step. */
  read(json: Fields): S | null;
}

/**
 * Which steps of one kind are due now. All that one call returns may run at the same time. The planner asks the kinds in
 * their fixed order, applies what the first one with an answer says to the simulated cluster, and starts again, until
 * nothing is due.
 */
export type When<S> = (now: Cluster, target: Target) => readonly S[];

/** The same for what has to be mended whatever is declared. */
export type Repair<S> = (now: Cluster) => readonly S[];
