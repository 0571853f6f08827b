import { readFile, stat } from 'node:fs/promises';
import { dirname, join, posix } from 'node:path';

/**
 * A file of the workspace as its repository calls it: `actions/checkout` with `path` puts the repository into a folder. Null
 * where the checkout that it lies in is another repository's, be it a submodule: what this one has under the name says
 * nothing of it.
 * @param repository `owner/name`
 */
export async function inRepository(workspace: string, file: string, repository: string): Promise<string | null> {
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    const kind = await kindOf(join(workspace, folder, '.git'));
    if (kind === 'folder') {
      const isOurs = isOf(await configOf(join(workspace, folder, '.git')), repository);
      return isOurs ? posix.relative(folder, file) : null;
    }
    if (kind === 'file' && folder !== '.') return null;
    if (folder === '.') return file;
  }
}

/** A submodule and a worktree have a file in place of the folder. */
async function kindOf(path: string): Promise<'folder' | 'file' | 'none'> {
  try {
    return (await stat(path)).isDirectory() ? 'folder' : 'file';
  } catch {
    // Whatever keeps it from being seen: git would not take the folder for a checkout either.
    return 'none';
  }
}

async function configOf(folder: string): Promise<string> {
  try {
    return await readFile(join(folder, 'config'), 'utf8');
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
