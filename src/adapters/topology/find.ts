import { createReadStream } from 'node:fs';
import { glob, realpath, stat } from 'node:fs/promises';
import { matchesGlob, relative, resolve, sep } from 'node:path';
import { text } from 'node:stream/consumers';
import { Failure } from '../../core/failure.ts';
import { isWithin } from '../is-within.ts';
import { LONGEST } from './yaml-document.ts';

export interface FoundFile {
  /** Relative to the workspace, with slashes. */
  readonly file: string;
  readonly text: string;
}

const MOST_FILES = 200;

/** Never looked into: what lies there is not the user's. */
const FOREIGN: ReadonlySet<string> = new Set(['node_modules', '.git']);

/**
 * The files that the patterns match, by name, and the patterns that match none: a file that was deleted may still be named.
 * Throws Failure `topology-not-found` where there is no file at all, `invalid-input` for files outside of the workspace:
 * a link in a pull request must not show what is on the runner.
 */
export async function findTopologies(
  workspace: string,
  patterns: readonly string[],
): Promise<{ readonly files: readonly FoundFile[]; readonly unmatched: readonly string[] }> {
  const root = await realpath(workspace);
  const files = new Set<string>();
  const unmatched: string[] = [];
  for (const pattern of patterns) {
    const matched = await matches(root, withinWorkspace(workspace, root, pattern));
    for (const entry of matched) files.add(await insideOf(root, entry));
    if (matched.length === 0) unmatched.push(pattern);
    if (files.size > MOST_FILES) throw tooMany(patterns);
  }
  if (files.size === 0) throw notFound(unmatched);
  const sorted = [...files].toSorted();
  const read = sorted.map(async (file) => ({ file, text: await begin(resolve(root, file)) }));
  return { files: await Promise.all(read), unmatched };
}

/**
 * Whether one of the patterns names this file, were it there: a file that a pull request deletes is not.
 * Throws Failure `invalid-input` for a pattern that leads out of the workspace.
 */
export function isNamed(workspace: string, patterns: readonly string[], file: string): boolean {
  return patterns.some((pattern) => {
    const within = withinWorkspace(workspace, workspace, pattern).split(sep).join('/');
    return file === within || matchesGlob(file, within);
  });
}

/** The pattern relative to the workspace; an absolute one may name the workspace by a link. */
function withinWorkspace(workspace: string, root: string, pattern: string): string {
  const folder = [workspace, root].find((one) => isWithin(one, resolve(one, pattern)));
  if (folder === undefined) throw cannotRead(pattern, 'it leads out of the workspace');
  return relative(folder, resolve(folder, pattern)) || '.';
}

/** A name is taken as it is, even where it holds `*` or `[`; else it is a pattern, and matches files only. */
async function matches(root: string, pattern: string): Promise<readonly string[]> {
  if ((await kindOf(resolve(root, pattern))) !== 'nothing') return [pattern];
  const found: string[] = [];
  for await (const entry of glob(pattern, { cwd: root, exclude: (path) => isForeign(path) })) {
    if ((await kindOf(resolve(root, entry))) === 'file') found.push(entry);
    if (found.length > MOST_FILES) return found;
  }
  return found;
}

function isForeign(path: string): boolean {
  return path.split(sep).some((part) => FOREIGN.has(part));
}

async function kindOf(path: string): Promise<'file' | 'other' | 'nothing'> {
  try {
    return (await stat(path)).isFile() ? 'file' : 'other';
  } catch (thrown) {
    const code = typeof thrown === 'object' && thrown !== null && 'code' in thrown ? thrown.code : null;
    // A link that leads nowhere is ENOENT too; ENOTDIR: a file stands where the path wants a folder.
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ENAMETOOLONG') return 'nothing';
    throw new Failure('invalid-input', `Cannot read the topology "${path}": ${String(code)}.`, {
      remedy: 'Look at the rights of the file and its folders.',
      cause: thrown,
    });
  }
}

async function insideOf(root: string, entry: string): Promise<string> {
  const path = resolve(root, entry);
  const real = await realpath(path);
  if (!isWithin(root, real)) throw cannotRead(entry, 'it leads out of the workspace');
  if ((await kindOf(real)) !== 'file') throw cannotRead(entry, 'it is no file');
  return relative(root, path).split(sep).join('/');
}

/** No more of it than tells that it is too long. */
async function begin(path: string): Promise<string> {
  return text(createReadStream(path, { end: LONGEST * 4 }));
}

function cannotRead(what: string, why: string): Failure {
  return new Failure('invalid-input', `Cannot read the topology "${what}": ${why}.`, {
    remedy: 'Name files below the workspace in the input `topology`, or a pattern such as `clusters/*.yaml`.',
  });
}

function notFound(patterns: readonly string[]): Failure {
  const named = patterns.map((pattern) => `"${pattern}"`).join(', ');
  return new Failure('topology-not-found', `No file matches the input \`topology\`: ${named}.`, {
    remedy:
      'Check the path, which begins at the folder that this runs in. In a workflow a step with actions/checkout has to come before this one.',
  });
}

function tooMany(patterns: readonly string[]): Failure {
  return new Failure(
    'invalid-input',
    `The input \`topology\` matches more than ${MOST_FILES} files: ${patterns.join(', ')}.`,
    { remedy: 'Narrow the pattern.' },
  );
}
