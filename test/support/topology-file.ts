import { readTopology } from '../../src/adapters/topology/read.ts';
import type { Mistake } from '../../src/core/mistake.ts';
import type { Topology } from '../../src/core/topology.ts';

export const SMALL = `version: 1
kubernetes:
  statefulSet: redis-cluster
shards: 3
`;

/** Four lines before what the case is about. */
export function withLines(lines: string): string {
  return `${SMALL}${lines}\n`;
}

export function withShards(lines: string): string {
  return `version: 1\nkubernetes: {statefulSet: a}\nshards:\n${lines}\n`;
}

export function topologyIn(text: string): Topology {
  const read = readTopology(text, 'topology.yaml');
  if (read.kind === 'mistakes') throw new Error(`has mistakes: ${read.mistakes.map(brief).join('; ')}`);
  return read.topology;
}

export function mistakesIn(text: string): readonly Mistake[] {
  const read = readTopology(text, 'topology.yaml');
  return read.kind === 'mistakes' ? read.mistakes : [];
}

export function brief({ line, column, message, value, expected }: Mistake): string {
  return `${line}:${column} ${message} [${value ?? ''}] ${expected}`;
}
