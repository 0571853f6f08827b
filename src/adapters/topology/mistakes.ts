import type { z } from 'zod';
import type { Mistake } from '../../core/mistake.ts';
import type { Places } from './places.ts';

type Issue = z.core.$ZodIssue;

const KEYS: readonly string[] = [
  'version',
  'name',
  'state',
  'kubernetes',
  'shards',
  'replicasPerShard',
  'tolerance',
  'placement',
  'volumes',
  'migration',
  'namespace',
  'statefulSet',
  'container',
  'port',
  'manifests',
  'weight',
  'slots',
  'spreadBy',
  'whenUnsatisfiable',
  'onScaleDown',
  'method',
  'maxLatency',
];

/** What the validation found, as sentences with places. */
export function mistakesOf(issues: readonly Issue[], places: Places): readonly Mistake[] {
  return issues.flatMap((issue) => mistakesIn(issue, places));
}

function mistakesIn(issue: Issue, places: Places): readonly Mistake[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => places.atKey(issue.path, key, `Unknown key "${key}".${guess(key)}`, ''));
  }
  if (issue.code === 'invalid_union') return inUnion(issue, places);
  const wanted = wantedBy(issue);
  const what = issue.input === undefined ? 'is missing' : 'is not right';
  return [places.atValue(issue.path, `${nameOf(issue)} ${what}.`, wanted)];
}

function wantedBy(issue: Issue): string {
  if (issue.code === 'invalid_type') return `a ${TYPES[issue.expected] ?? issue.expected}`;
  return issue.code === 'invalid_value'
    ? issue.values.map((value) => `\`${String(value)}\``).join(' or ')
    : issue.message;
}

/** The names of types as people say them. */
const TYPES: Readonly<Record<string, string>> = {
  int: 'whole number',
  object: 'mapping',
  record: 'mapping',
  array: 'list',
  string: 'text',
};

/** Of several shapes that are allowed, the one that is nearest tells best what is wrong. */
function inUnion(issue: Extract<Issue, { code: 'invalid_union' }>, places: Places): readonly Mistake[] {
  const branches = issue.errors.map((errors) =>
    errors.map((error) => ({ ...error, path: [...issue.path, ...error.path] })),
  );
  const nearest = branches.filter((branch) => !branch.some((error) => isOtherType(error, issue.path.length)));
  const [best] = nearest.toSorted((a, b) => a.length - b.length);
  if (best !== undefined) return mistakesOf(best, places);
  const expected = branches.flatMap((branch) => branch.map((error) => wantedBy(error)));
  return [
    places.atValue(issue.path, `${nameOf(issue)} is not of the right type.`, [...new Set(expected)].join(' or ')),
  ];
}

/** The value is of another type altogether than this branch of a union, or lacks the key that makes the branch. */
function isOtherType(error: Issue, depth: number): boolean {
  return error.code === 'invalid_type' && (error.path.length === depth || error.input === undefined);
}

function nameOf(issue: Issue): string {
  const path = issue.path.map(String).join('.');
  return path === '' ? 'The file' : `\`${path}\``;
}

function guess(key: string): string {
  const near = KEYS.map((known) => ({ known, far: distance(key.toLowerCase(), known.toLowerCase()) }))
    .filter(({ far }) => far <= 2)
    .toSorted((a, b) => a.far - b.far)[0];
  return near === undefined ? '' : ` Did you mean "${near.known}"?`;
}

/** Levenshtein's distance, row by row; keys are short, and longer ones are not near anything. */
function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 2) return 3;
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const change = (row[j - 1] ?? 0) + Number(a[i - 1] !== b[j - 1]);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 3;
}
