import { isMap, LineCounter, parseAllDocuments } from 'yaml';
import type { Mistake } from '../../core/mistake.ts';
import type { Topology } from '../../core/topology.ts';
import { mistakesOf } from './mistakes.ts';
import { Places } from './places.ts';
import { TopologyFile } from './schema.ts';
import { sharesOf } from './shares.ts';

export type Read =
  | { readonly kind: 'topology'; readonly topology: Topology }
  | { readonly kind: 'mistakes'; readonly mistakes: readonly Mistake[] };

/** Characters; far more than 1,000 shards with slots of their own take. */
const LONGEST = 256 * 1024;

/** Redis Cluster's own bound. */
const MOST_PODS = 1_000;

/**
 * Reads one topology file. Every mistake is given at once, each with its place.
 * @param file as people are to see it: relative to the workspace
 */
export function readTopology(text: string, file: string): Read {
  const lines = new LineCounter();
  if (text.length > LONGEST) return wrong({ ...START, file, message: 'The file is longer than 256 kB.' });
  const parsed = parseAllDocuments(text.replace(/^\uFEFF/, ''), {
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: true,
    merge: false,
  });
  const [document, second] = Array.isArray(parsed) ? parsed : [];
  if (document === undefined) return wrong({ ...START, file, message: 'The file is empty.', expected: SHAPE });
  const places = new Places(file, text, document, lines);
  const syntax = document.errors.map((error) => places.atOffset(error.pos[0], sentence(error.message), ''));
  if (syntax.length > 0) return wrong(...syntax);
  if (second !== undefined) {
    return wrong(places.atOffset(second.range[0], 'The file has several documents.', 'one document a file'));
  }
  if (document.contents === null) return wrong({ ...START, file, message: 'The file is empty.', expected: SHAPE });
  if (!isMap(document.contents)) return wrong(places.atValue([], 'The file is not a mapping.', SHAPE));
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 10 });
  } catch {
    // yaml refuses to expand: the "billion laughs" of nested aliases.
    return wrong(places.atValue([], 'The file repeats itself by aliases too often.', 'values written out'));
  }
  const checked = TopologyFile.safeParse(value, { reportInput: true });
  if (!checked.success) return wrong(...mistakesOf(checked.error.issues, places));
  return build(checked.data, file, places);
}

const START = { line: 1, column: 1, value: null, expected: '' };
const SHAPE = '`version: 1`, `kubernetes:` and `shards:`';

function wrong(...mistakes: readonly Mistake[]): Read {
  return { kind: 'mistakes', mistakes };
}

function sentence(message: string): string {
  return message.endsWith('.') ? message : `${message}.`;
}

/** What the shape alone does not tell: whether the parts fit each other. */
function build(data: TopologyFile, file: string, places: Places): Read {
  const { shares, mistakes } = sharesOf(data.shards ?? 1, places);
  const problems = [...mistakes];
  if (data.shards === undefined && data.state === 'present') {
    problems.push(places.atValue([], '`shards` is missing.', 'a number of shards, such as `shards: 3`'));
  }
  const pods = shares.length * (1 + data.replicasPerShard);
  if (pods > MOST_PODS) {
    const text = `The cluster would have ${pods.toLocaleString('en-US')} pods.`;
    problems.push(
      places.atValue(['shards'], text, 'at most 1,000 (shards × (1 + replicasPerShard)), the bound of Redis Cluster'),
    );
  }
  const { manifests } = data.kubernetes;
  if (manifests !== undefined && (manifests.startsWith('/') || manifests.split(/[\\/]/).includes('..'))) {
    const path = ['kubernetes', 'manifests'];
    problems.push(places.atValue(path, 'The manifests are outside of the workspace.', 'a path below the workspace'));
  }
  if (problems.length > 0) return wrong(...problems);
  return {
    kind: 'topology',
    topology: {
      name: data.name ?? data.kubernetes.statefulSet,
      file,
      state: data.state,
      kubernetes: {
        namespace: data.kubernetes.namespace,
        statefulSet: data.kubernetes.statefulSet,
        container: data.kubernetes.container ?? null,
        port: data.kubernetes.port,
        manifests: manifests ?? null,
      },
      shards: shares,
      replicasPerShard: data.replicasPerShard,
      tolerance: fraction(data.tolerance),
      placement: data.placement,
      volumes: data.volumes,
      migration: { method: data.migration.method, maxLatency: milliseconds(data.migration.maxLatency) },
    },
  };
}

function fraction(tolerance: string | number): number {
  return typeof tolerance === 'number' ? tolerance : Number.parseFloat(tolerance) / 100;
}

function milliseconds(duration: string): number {
  return Number.parseInt(duration, 10) * (duration.endsWith('ms') ? 1 : 1000);
}
