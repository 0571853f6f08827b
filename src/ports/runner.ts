import type { Mistake } from '../core/mistake.ts';

/** Something under way. */
export interface Bar {
  readonly text: string;
  /** How much of it is done, 0 to 1. */
  readonly part: number;
}

/** A line of a file; lines count from 1. */
export interface Spot {
  readonly file: string;
  readonly line: number;
}

/** The runner: where lines, annotations, outputs and the summary go. */
export interface Runner {
  info(line: string): void;
  /** @param at the line of a file that it is about */
  warning(text: string, at?: Spot): void;
  error(text: string): void;
  /** Lines told while the work is under way are folded under the title. */
  group<T>(title: string, work: () => Promise<T>): Promise<T>;
  /** Shows what is under way, drawn anew each time. Left out where nothing can be drawn anew: then `info` tells it. */
  readonly live?: (bars: readonly Bar[]) => void;
  /** Shows mistakes at their lines of the file; at most ten, the rest in the log only. */
  annotate(mistakes: readonly Mistake[]): void;
  output(name: string, value: string): void;
  /** Markdown for the run's page. */
  summary(markdown: string): Promise<void>;
  /** Writes a file for later steps of the job and returns its path. */
  keep(name: string, content: string): Promise<string>;
}
