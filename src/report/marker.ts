import { deflateSync, inflateSync } from 'node:zlib';
import type { Place } from '../core/topology.ts';
import { type Plan, steps } from '../plan/plan.ts';
import { readSteps } from '../plan/read-steps.ts';
import type { Step } from '../steps/index.ts';

/** A plan as a comment carries it. */
export interface Posted {
  readonly hash: string;
  /** Null where they were too many to be kept. */
  readonly steps: readonly Step[] | null;
  /** Pods that did not exist when it was made. */
  readonly unbound: readonly string[];
}

/** What stands hidden in a comment. */
export interface Marker extends Posted {
  readonly cluster: string;
  /** Where that is, as `placeInWords`: steps alone do not tell, for they name pods. */
  readonly at: string;
  /** The topology file that the plan was made of. */
  readonly file: string;
  /** What the comment told when it was written last: planned, applying, applied, failed. */
  readonly state: string;
}

/** The most characters that the hidden plan may take of a comment. */
const LONGEST = 30_000;

/** The same for a plan that was refused, which may stand before another one. */
const LONGEST_REFUSED = 15_000;

/** What it may be unpacked to: the steps of 1,000 pods take a tenth. */
const UNPACKED_BYTES = 4 * 1024 * 1024;

/** How the comments about all clusters begin. */
export const ANY_COMMENT = '<!-- redis-cluster-topology: plan of ';

/**
 * The first line of the comment about the cluster of one file. Names would not do: two clusters in two workflows may have
 * one name, namespace and StatefulSet, such as those of production and of a trial. A file is one cluster in all workflows.
 */
export function commentMarker(file: string): string {
  return `${ANY_COMMENT}${inMarker(file)} -->`;
}

/** What a comment is about. */
export interface Subject {
  readonly file: string;
  /** Null where the comment does not name it, as of a file with mistakes. */
  readonly cluster: string | null;
}

/**
 * By what every comment has, also one that carries no plan: the first line, and the heading. Null for what no comment of this
 * program begins with.
 */
export function subjectOf(body: string): Subject | null {
  const file = fileIn(/^<!-- redis-cluster-topology: plan of (\S+) -->(?:\n|$)/.exec(body)?.[1] ?? '');
  if (file === null) return null;
  const heading = /^### Redis Cluster `([^`\n]+)`$/m.exec(body)?.[1] ?? null;
  return { file, cluster: readPosted(body)?.cluster ?? (heading === file ? null : heading) };
}

/** The first line of the issue about the cluster of one file. */
export function issueMarker(file: string): string {
  return `<!-- redis-cluster-topology: drift of ${inMarker(file)} -->`;
}

/**
 * How the issue begins while just this is seen: its figures may change, and nobody is told of the same twice.
 * @param seen the digest of what is seen
 */
export function issueHead(file: string, seen: string): string {
  return `${issueMarker(file)}\n<!-- seen: ${seen} -->`;
}

export function placeInWords({ namespace, statefulSet }: Place): string {
  return `StatefulSet ${statefulSet} in namespace ${namespace}`;
}

/**
 * The hidden last line, for the run that applies the plan. `whole` is false where the steps are too many to be kept: then
 * only exactly this plan can be recognised, not the rest of it.
 */
export function hiddenPlan(plan: Plan, state: string): { readonly line: string; readonly whole: boolean } {
  const { hash, unbound, topology } = plan;
  const { name: cluster, file } = topology;
  const at = placeInWords(topology.kubernetes);
  const marker = { version: 1, cluster, at, file, state, hash, unbound, steps: steps(plan) };
  const line = hidden(marker);
  if (line.length <= LONGEST) return { line, whole: true };
  return { line: hidden({ ...marker, steps: null, unbound: [] }), whole: false };
}

/**
 * A line with a plan that is told as refused: it approves nothing, and shows what differs where its hash is given to a run by
 * hand and something else is to be done by then. Empty where the steps are too many to be kept.
 */
export function hiddenRefused(plan: Plan): string {
  const { hash, unbound } = plan;
  const line = `<!-- refused: ${packed({ hash, unbound, steps: steps(plan) })} -->`;
  return line.length <= LONGEST_REFUSED ? line : '';
}

/** All plans that a comment keeps, whether or not they count for anything. */
export function plansKept(body: string): readonly Posted[] {
  const refused = /\n<!-- refused: ([A-Za-z0-9+/=]+) -->(?:\n|$)/.exec(body)?.[1];
  return [readPosted(body), refused === undefined ? null : asPosted(unpack(refused))].filter((one) => one !== null);
}

/** The hidden last line of a comment; empty where there is none. */
export function hiddenLineOf(body: string): string {
  return /(?:^|\n)(<!-- plan: [A-Za-z0-9+/=]+ -->)\s*$/.exec(body)?.[1] ?? '';
}

/**
 * The plan that a comment carries; null where it carries none that can be read. Only the last line counts: what people
 * see above it holds names and texts from outside, and one of them may look like a plan.
 */
export function readPosted(body: string): Marker | null {
  const text = /^<!-- plan: (.+) -->$/.exec(hiddenLineOf(body))?.[1];
  const json = text === undefined ? null : unpack(text);
  if (typeof json !== 'object' || json === null) return null;
  if (!('version' in json && 'cluster' in json && 'at' in json && 'file' in json && 'state' in json)) return null;
  const { version, cluster, at, file, state } = json;
  if (version !== 1 || typeof cluster !== 'string' || typeof at !== 'string') return null;
  if (typeof file !== 'string' || typeof state !== 'string') return null;
  const posted = asPosted(json);
  return posted === null ? null : { ...posted, cluster, at, file, state };
}

/** The hash and the steps of a plan, as this program writes them into comments and locks; null for anything else. */
export function asPosted(json: unknown): Posted | null {
  if (typeof json !== 'object' || json === null) return null;
  if (!('hash' in json && 'unbound' in json && 'steps' in json)) return null;
  const { hash, unbound } = json;
  if (typeof hash !== 'string' || !/^[0-9a-f]{12}$/.test(hash) || !isNames(unbound)) return null;
  return { hash, unbound, steps: json.steps === null ? null : readSteps(json.steps) };
}

function isNames(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((name) => typeof name === 'string');
}

function hidden(value: unknown): string {
  return `<!-- plan: ${packed(value)} -->`;
}

/** A value as text that is a fraction as long, for places that hold little. */
export function packed(value: unknown): string {
  return deflateSync(JSON.stringify(value)).toString('base64');
}

/** What `packed` has made a text of; null for any other. */
export function unpack(text: string): unknown {
  try {
    return JSON.parse(inflateSync(Buffer.from(text, 'base64'), { maxOutputLength: UNPACKED_BYTES }).toString('utf8'));
  } catch {
    // Cut, edited or not ours: a comment without a plan that can be read approves nothing.
    return null;
  }
}

/** A path can neither end the comment nor be taken for another's. */
function inMarker(file: string): string {
  return file.replaceAll(/[^A-Za-z0-9._/-]/gu, percented);
}

function percented(mark: string): string {
  return Buffer.from(mark).toString('hex').toUpperCase().replaceAll(/../g, '%$&');
}

/** The path that was put into a marker; null for what no path becomes there. */
function fileIn(marked: string): string | null {
  try {
    const file = decodeURIComponent(marked);
    return file !== '' && inMarker(file) === marked ? file : null;
  } catch {
    return null;
  }
}
