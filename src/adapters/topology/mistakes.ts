import type { z } from 'zod';
import type { Mistake } from '../../core/mistake.ts';
import type { Places } from './places.ts';
import { KEYS } from './schema.ts';

type Issue = z.core.$ZodIssue;

/** What the validation found, as sentences with places. */
export function mistakesOf(issues: readonly Issue[], places: Places): readonly Mistake[] {
  return issues.filter((issue) => !followsFromUnknownKey(issue, issues)).flatMap((issue) => mistakesIn(issue, places));
}

/** A mapping that lacks `weight` because it has `wieght` has one mistake, not two. */
function followsFromUnknownKey(issue: Issue, issues: readonly Issue[]): boolean {
  const place = nameOf(issue);
  return issue.code === 'custom' && issues.some((one) => one.code === 'unrecognized_keys' && nameOf(one) === place);
}

function mistakesIn(issue: Issue, places: Places): readonly Mistake[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) =>
      places.atKey(issue.path, key, `Unknown key "${key}".${guess(key, issue.path)}`, knownAt(issue.path)),
    );
  }
  if (issue.code === 'invalid_union') return inUnion(issue, places);
  return [places.atValue(issue.path, `${nameOf(issue)} ${stateOf(issue)}.`, wantedBy(issue))];
}

function stateOf(issue: Issue): string {
  if (issue.input === undefined) return 'is missing';
  return issue.input === null ? 'is empty' : 'is not right';
}

function wantedBy(issue: Issue): string {
  if (issue.code === 'invalid_value') return issue.values.map((value) => `\`${String(value)}\``).join(' or ');
  return issue.code === 'invalid_type' && issue.expected === 'object' ? 'a mapping' : issue.message;
}

/** Of several shapes that are allowed, the one that is of the value's type tells best what is wrong. */
function inUnion(issue: Extract<Issue, { code: 'invalid_union' }>, places: Places): readonly Mistake[] {
  const branches = issue.errors.map((errors) =>
    errors.map((error) => ({ ...error, path: [...issue.path, ...error.path] })),
  );
  const ofItsType = branches.find(
    (branch) => !branch.some((error) => error.code === 'invalid_type' && error.path.length === issue.path.length),
  );
  if (ofItsType !== undefined) return mistakesOf(ofItsType, places);
  const expected = new Set(branches.flatMap((branch) => branch.map((error) => wantedBy(error))));
  return [places.atValue(issue.path, `${nameOf(issue)} ${stateOf(issue)}.`, [...expected].join(' or '))];
}

/** `shards[2].weight` */
function nameOf(issue: Issue): string {
  const steps = issue.path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`));
  const path = steps.join('').replace(/^\./, '');
  return path === '' ? 'The file' : `\`${path}\``;
}

function knownAt(path: readonly PropertyKey[]): string {
  return (KEYS.get(String(path[0] ?? '')) ?? []).join(', ');
}

/** What the user may have meant: this key in another mapping, else a key of this mapping that is near. */
function guess(key: string, path: readonly PropertyKey[]): string {
  const here = String(path[0] ?? '');
  for (const [place, keys] of KEYS) {
    if (place === here || !keys.includes(key)) continue;
    return place === '' ? ' It belongs to the top of the file.' : ` It belongs under \`${place}\`.`;
  }
  const near = nearest(key, KEYS.get(here) ?? []);
  return near === null ? '' : ` Did you mean "${near}"?`;
}

function nearest(key: string, known: readonly string[]): string | null {
  const ranked = known
    .map((candidate) => ({ candidate, far: far(key.toLowerCase(), candidate.toLowerCase()) }))
    .toSorted((a, b) => a.far - b.far);
  const [best] = ranked;
  return best === undefined || best.far > 2 || best.far * 2 > key.length ? null : best.candidate;
}

/** One that begins like the other counts as near: `replicas` for `replicasPerShard`. */
function far(a: string, b: string): number {
  const isBeginning = Math.min(a.length, b.length) >= 4 && (a.startsWith(b) || b.startsWith(a));
  return isBeginning ? 1 : distance(a, b);
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
