import type { Mistake } from '../../core/mistake.ts';
import type { Share, Topology } from '../../core/topology.ts';
import { mistakesOf } from './mistakes.ts';
import { TopologyFile } from './schema.ts';
import { fitShares } from './shares.ts';
import { parseDocument } from './yaml-document.ts';

export type Read =
  | { readonly kind: 'topology'; readonly topology: Topology }
  | { readonly kind: 'mistakes'; readonly mistakes: readonly Mistake[] };

/** Nobody reads more of them at once. */
const MOST_MISTAKES = 200;

/**
 * Reads one topology file. Every mistake is given at once, each with its place, in the order of the file.
 * @param file as people are to see it: relative to the workspace
 */
export function readTopology(text: string, file: string): Read {
  const parsed = parseDocument(text, file);
  if (parsed.kind === 'mistakes') return wrong(parsed.mistakes);
  const { value, places } = parsed;
  const checked = TopologyFile.safeParse(value, { reportInput: true });
  const shape = checked.success ? [] : mistakesOf(checked.error.issues, places);
  const fitted = fitShares(value, places);
  const mistakes = [...parsed.mistakes, ...shape, ...fitted.mistakes];
  if (!checked.success || mistakes.length > 0) return wrong(mistakes);
  return { kind: 'topology', topology: topologyOf(checked.data, fitted.shares, file) };
}

/** In the order of the file; of several at one place the first. */
function wrong(mistakes: readonly Mistake[]): Read {
  const firsts = new Map<string, Mistake>();
  for (const mistake of mistakes) {
    const place = `${mistake.line}:${mistake.column} ${mistake.value ?? mistake.message}`;
    if (!firsts.has(place)) firsts.set(place, mistake);
  }
  const sorted = [...firsts.values()].toSorted((a, b) => a.line - b.line || a.column - b.column);
  const last = sorted[MOST_MISTAKES - 1];
  if (last === undefined || sorted.length === MOST_MISTAKES) return { kind: 'mistakes', mistakes: sorted };
  const message = `${sorted.length - MOST_MISTAKES + 1} more mistakes follow from here.`;
  return {
    kind: 'mistakes',
    mistakes: [...sorted.slice(0, MOST_MISTAKES - 1), { ...last, message, value: null, expected: '' }],
  };
}

function topologyOf(data: TopologyFile, shares: readonly Share[], file: string): Topology {
  const { namespace, statefulSet, container = null, port, manifests = null } = data.kubernetes;
  return {
    name: data.name ?? statefulSet,
    file,
    state: data.state,
    kubernetes: { namespace, statefulSet, container, port, manifests },
    // Of a cluster that is to be absent nobody asks for them.
    shards: shares.length === 0 ? [{ kind: 'weight', weight: 1 }] : shares,
    replicasPerShard: data.replicasPerShard,
    tolerance: fraction(data.tolerance),
    placement: data.placement,
    volumes: data.volumes,
    migration: { method: data.migration.method, maxLatency: milliseconds(data.migration.maxLatency) },
  };
}

function fraction(tolerance: string | number): number {
  return typeof tolerance === 'number' ? tolerance : Number.parseFloat(tolerance) / 100;
}

function milliseconds(duration: string): number {
  return Number.parseInt(duration, 10) * (duration.endsWith('ms') ? 1 : 1000);
}
