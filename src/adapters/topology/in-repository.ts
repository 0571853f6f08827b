import { readFileSync, statSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';

/**
 * A file of the workspace as its repository calls it: `actions/checkout` with `path` puts the repository into a folder. Null
 * where the checkout that it lies in is another repository's, be it a submodule: what this one has under the name says
 * nothing of it.
 * @param repository `owner/name`
 */
export function inRepository(workspace: string, file: string, repository: string): string | null {
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    const kind = kindOf(join(workspace, folder, '.git'));
    if (kind === 'folder') {
      const isOurs = isOf(configOf(join(workspace, folder, '.git')), repository);
      return isOurs ? posix.relative(folder, file) : null;
    }
    if (kind === 'file' && folder !== '.') return null;
    if (folder === '.') return file;
  }
}

/** A submodule and a worktree have a file in place of the folder. */
function kindOf(path: string): 'folder' | 'file' | 'none' {
  try {
    return statSync(path).isDirectory() ? 'folder' : 'file';
  } catch {
    // Whatever keeps it from being seen: git would not take the folder for a checkout either.
    return 'none';
  }
}

function configOf(folder: string): string {
  try {
    return readFileSync(join(folder, 'config'), 'utf8');
  } catch {
    // A checkout without one is of no other repository that anybody could name.
    return '';
  }
}

/** Where it names no address it was made here, of what else than this repository. */
function isOf(config: string, repository: string): boolean {
  const urls = Array.from(config.matchAll(/^\s*url\s*=\s*(\S+)/gm), ([, url = '']) => url.toLowerCase());
  const name = repository.toLowerCase();
  return urls.length === 0 || urls.some((url) => new RegExp(`[:/]${escaped(name)}(\\.git)?/?$`).test(url));
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
