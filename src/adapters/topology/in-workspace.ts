import { dirname, posix, relative, resolve, sep } from 'node:path';
import { isNamed } from './find.ts';
import { inRepository } from './in-repository.ts';

/**
 * What the workspace calls a file of the repository that one of the patterns names, were it there: the other way round than
 * `inRepository`, for files that a pull request deletes. Null where no pattern names it.
 * @param path as the repository calls it
 * @param repository `owner/name`
 */
export function inWorkspace(
  workspace: string,
  patterns: readonly string[],
  path: string,
  repository: string,
): string | null {
  const folders = patterns.flatMap((pattern) => foldersOf(relative(workspace, resolve(workspace, pattern))));
  const files = [...new Set(folders)].map((folder) => posix.join(folder, path));
  return (
    files.find((file) => isNamed(workspace, patterns, file) && inRepository(workspace, file, repository) === path) ??
    null
  );
}

/** Those in which a checkout may begin, the deepest first: `repo/clusters/*.yaml` has `repo/clusters`, `repo` and the workspace. */
function foldersOf(pattern: string): readonly string[] {
  const parts = pattern.split(sep);
  const wild = parts.findIndex((part) => /[*?[\]{}()!]/.test(part));
  let folder = wild < 0 ? dirname(pattern) : parts.slice(0, wild).join('/') || '.';
  const folders = [folder];
  while (folder !== '.') {
    folder = dirname(folder);
    folders.push(folder);
  }
  return folders;
}
