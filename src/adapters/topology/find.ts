import { glob, readFile, realpath, stat } from 'node:fs/promises';
import { relative, resolve, sep } from 'node:path';
import { Failure } from '../../core/failure.ts';

export interface FoundFile {
  /** Relative to the workspace, with slashes. */
  readonly file: string;
  readonly text: string;
}

const MOST_FILES = 200;

/**
 * The files that the patterns match, by name.
 * Throws Failure `topology-not-found` where a pattern matches none, `invalid-input` for files outside of the workspace:
 * a link in a pull request must not show what is on the runner.
 */
export async function findTopologies(workspace: string, patterns: readonly string[]): Promise<readonly FoundFile[]> {
  const root = await realpath(workspace);
  const files = new Set<string>();
  for (const pattern of patterns) {
    let matched = 0;
    for await (const entry of glob(pattern, { cwd: root, exclude: (name) => name.includes('node_modules') })) {
      matched += 1;
      files.add(await insideOf(root, entry));
      if (files.size > MOST_FILES) throw tooMany(patterns);
    }
    if (matched === 0) throw notFound(pattern);
  }
  const sorted = [...files].toSorted();
  return Promise.all(sorted.map(async (file) => ({ file, text: await readFile(resolve(root, file), 'utf8') })));
}

async function insideOf(root: string, entry: string): Promise<string> {
  const path = resolve(root, entry);
  const real = await realpath(path);
  const isInside = real === root || real.startsWith(root + sep);
  if (!isInside || !(await stat(real)).isFile()) {
    const why = isInside ? 'it is no file' : 'it leads out of the workspace';
    throw new Failure('invalid-input', `Cannot read the topology "${relative(root, path)}": ${why}.`, {
      remedy: 'Name files below the workspace in the input `topology`.',
    });
  }
  return relative(root, path).split(sep).join('/');
}

function notFound(pattern: string): Failure {
  return new Failure('topology-not-found', `No file matches the input \`topology\`: "${pattern}".`, {
    remedy: 'Check the path, and that a step with actions/checkout comes before this one.',
  });
}

function tooMany(patterns: readonly string[]): Failure {
  return new Failure(
    'invalid-input',
    `The input \`topology\` matches more than ${MOST_FILES} files: ${patterns.join(', ')}.`,
    {
      remedy: 'Narrow the pattern.',
    },
  );
}
