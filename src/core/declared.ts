import type { Failure } from './failure.ts';
import type { Mistake } from './mistake.ts';
import type { Topology } from './topology.ts';

/** What the topology files of a run say. */
export interface Declared {
  readonly topologies: readonly Topology[];
  readonly broken: readonly BrokenFile[];
  /** Names and patterns that no file matches. */
  readonly unmatched: readonly string[];
}

/** A file of which no cluster can be made. */
export interface BrokenFile {
  readonly file: string;
  readonly failure: Failure;
  /** Their places; none where it is not about lines. */
  readonly mistakes: readonly Mistake[];
}
