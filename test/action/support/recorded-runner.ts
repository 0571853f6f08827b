import type { Mistake } from '../../../src/core/mistake.ts';
import type { Runner } from '../../../src/ports/runner.ts';

/** What a run told its runner. */
export interface Told {
  readonly log: string[];
  readonly warnings: string[];
  readonly annotations: Mistake[];
  /** Warnings about a line: `topology.yaml:3 text`. */
  readonly placed: string[];
  readonly outputs: Record<string, string>;
  readonly files: Record<string, string>;
  summary: string;
}

export function nothingTold(): Told {
  return { log: [], warnings: [], annotations: [], placed: [], outputs: {}, files: {}, summary: '' };
}

/** A runner that writes down what it is told. @param onLine told every line of the log, too */
export function recordedRunner(told: Told, onLine: (line: string) => void): Runner {
  return {
    info(line) {
      told.log.push(line);
      onLine(line);
    },
    warning(text, at) {
      told.warnings.push(text);
      if (at !== undefined) told.placed.push(`${at.file}:${at.line} ${text}`);
    },
    error: (text) => told.log.push(text),
    group(title, work) {
      told.log.push(title);
      return work();
    },
    annotate: (mistakes) => told.annotations.push(...mistakes),
    output(name, value) {
      told.outputs[name] = value;
    },
    async summary(markdown) {
      told.summary += markdown;
    },
    async keep(name, content) {
      told.files[name] = content;
      return name;
    },
  };
}
